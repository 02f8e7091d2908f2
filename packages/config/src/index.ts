export {
  type Area,
  type AreaOptions,
  areaName,
  type CacheChoice,
  exportKeys,
  findArea,
  isValidTarget,
  type Key,
  keysOf,
  loadArea,
  requireTarget,
} from './area.ts';
export {
  type CacheArea,
  cacheFile,
  cleanCache,
  type RunPlace,
  readCache,
  removeLoneCaches,
  testconfigCacheFile,
  usesCache,
  writeCache,
} from './area-cache.ts';
export {areaScheme} from './area-scheme.ts';
export {type CheckOptions, type CheckResult, checkArea} from './check/check-area.ts';
export {printProblems, problemsJson, problemsSarif} from './check/print-problems.ts';
export {PROBLEM_KINDS, type Problem, type ProblemCode, type Severity} from './check/problem.ts';
export type {RulesProblem} from './check/test-problems.ts';
export {Config, type Entry, type Origin, Section} from './config.ts';
export {type EnvDelta, envDelta, printEnvDelta} from './env-delta.ts';
export {findTests, testsPath} from './find-tests.ts';
export {expandItems, type ItemsOutcome, itemEnvironment} from './items.ts';
export type {ConfigFileKind, KnownKey, KnownSection, ValueType} from './known/known-key.ts';
export {knownKey, knownSection, knownSections, nearKey, nearSection} from './known/known-sections.ts';
export {referenceMarkdown} from './known/reference.ts';
export {type OriginRow, originRows, printOrigins} from './origins.ts';
export {DUMP_MODES, printConfig} from './print-config.ts';
export {getVariable, onlySection, printDisks, requireValue} from './query.ts';
export {type RawSection, readRawConfig} from './raw-config.ts';
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
  metaOf,
  readTestconfig,
  readTestDefinition,
  runTimeLimitS,
} from './testconfig.ts';
