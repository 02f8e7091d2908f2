/** The short-lived child that reads an area's files for one purpose. */
import {runPlannerChild} from '@megatest/manager';
import {importPackets} from '../packets/import-packets.ts';

runPlannerChild({importPackets});
