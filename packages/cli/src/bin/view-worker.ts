/** The thread that has the index of results in memory and answers what views ask. */
import {runViewWorker} from '@megatest/homehost';

runViewWorker();
