/** The process that carries out a command of a packet. */
import {carryOut} from '../packets/carry-out.ts';

carryOut(process.argv[2] ?? '');
