export {type DaemonOptions, runDaemon} from './daemon.ts';
export {resultHeader, resultLine} from './result-line.ts';
export {type DaemonSettings, daemonSettings} from './settings.ts';
export {runSyncWorker} from './sync-worker.ts';
export {runViewWorker} from './views/view-thread.ts';
