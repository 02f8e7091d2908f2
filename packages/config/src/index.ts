export {
  type Area,
  type AreaOptions,
  areaName,
  checkRequiredTarget,
  exportKeys,
  exportRunconfig,
  findArea,
  findTests,
  type Key,
  keysOf,
  listTargets,
  loadArea,
  loadRunconfig,
  type Runconfig,
  requireTarget,
} from './area.ts';
export {Config, type Entry, type Origin, Section} from './config.ts';
export {expandItems, type ItemsOutcome} from './items.ts';
export {DUMP_MODES, printConfig, printOrigins} from './print-config.ts';
export {isExportable, type ReadOptions, readConfig, readConfigText} from './read-config.ts';
export {type Env, evaluateInShell, joinLines, runShell} from './shell.ts';
export {
  type EzStep,
  expandItemsNow,
  ezStepsOf,
  readTestconfig,
  readTestDefinition,
  runTimeLimitS,
} from './testconfig.ts';
