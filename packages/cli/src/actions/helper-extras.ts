/** What only some helper calls need, and what takes long to load. */
export {sendAlone, withDaemon} from './helper-alone.ts';
export {runStep} from './run-step.ts';
export {summarizeItems} from './summarize-items.ts';
