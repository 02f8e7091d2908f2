export {
  type Area,
  type AreaOptions,
  areaName,
  exportKeys,
  findArea,
  isValidTarget,
  type Key,
  keysOf,
  loadArea,
  requireTarget,
} from './area.ts';
export {Config, type Entry, type Origin, Section} from './config.ts';
export {findTests, testsPath} from './find-tests.ts';
export {expandItems, type ItemsOutcome} from './items.ts';
export {DUMP_MODES, printConfig, printOrigins} from './print-config.ts';
export {isExportable, type ReadOptions, readConfig, readConfigText} from './read-config.ts';
export {type Message, messagesOf, type ReadNote} from './read-note.ts';
export {
  checkRequiredTarget,
  exportRunconfig,
  listTargets,
  loadRunconfig,
  type Runconfig,
} from './runconfigs.ts';
export {type Env, evaluateInShell, joinLines, runShell} from './shell.ts';
export {
  type EzStep,
  expandItemsNow,
  ezStepsOf,
  readTestconfig,
  readTestDefinition,
  runTimeLimitS,
} from './testconfig.ts';
