/** The thread of the daemon that flushes M into T. */
import {runSyncWorker} from '@megatest/homehost';

runSyncWorker();
