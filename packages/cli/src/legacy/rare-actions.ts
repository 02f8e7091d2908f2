/** What calls in the old style seldom ask for. */
export {captureOrCompare} from '../actions/captured-environment.ts';
export {recoverTest} from '../actions/recover-test.ts';
export {runScript} from '../actions/run-script.ts';
export {showCommandInfo} from '../actions/show-cmdinfo.ts';
