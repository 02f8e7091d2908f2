export {COMPARISON_COLOURS, type Comparison, compareRecords} from './comparison.ts';
export {
  ACTION_NAMES,
  type ActionConcern,
  type ActionDanger,
  type ActionPlan,
  type ActionRequest,
  commandText,
  planAction,
} from './dashboard-actions.ts';
export {DownSample, type SeriesPoint} from './down-sample.ts';
export {formatDuration, parseDuration} from './duration.ts';
export {isPattern} from './is-pattern.ts';
export {ItemMap, type ItemMapRow, mapTextFor} from './item-map.ts';
export {
  endOfJob,
  isEndedJob,
  JOB_ACTION_NAMES,
  JOB_ACTIONS,
  JOB_STATES,
  type JobAction,
  type JobPerformer,
  type JobState,
  jobAction,
} from './job-actions.ts';
export {removeWords, selectorWords, type TestSelectors} from './job-words.ts';
export {type HostLoad, isOverloaded} from './load-limit.ts';
export {naturalCompare} from './natural-order.ts';
export {nearNames} from './near-names.ts';
export {
  type Cards,
  isIntact,
  type Packet,
  packetFileName,
  packetUuid,
  parsePacket,
  printPacket,
} from './packet.ts';
export {type ChosenPattern, choosePattern, type PatternSources} from './pattern-source.ts';
export {
  type BuiltPlan,
  buildPlan,
  META_KEYS,
  MODES,
  type Mode,
  modesOf,
  type PlanInput,
  type PlanMessage,
  type PlannedItem,
  type PlannedTest,
  type SkipRule,
  type TestDefinition,
  type TestMeta,
  wantedItems,
} from './plan.ts';
export {PLAN_FORMATS, type PlanFormat, type PrintablePlan, printPlan} from './plan-print.ts';
export {quoteForShell} from './quote-for-shell.ts';
export {attemptDirectory, parseRetryRule, type RetryRule, retryDelayS} from './retry-rule.ts';
export {type CountedGroup, rollUp, type StateStatus} from './roll-up.ts';
export {RollUpCounter} from './roll-up-counter.ts';
export {orderRows, ROW_SORTS, type RowGroup, type RowSort, severity} from './row-order.ts';
export {isShown, type StateFilter} from './state-filter.ts';
export {
  colour,
  hasFailed,
  isDeadEndStatus,
  isEnded,
  isGood,
  isRunning,
  label,
  STATES,
  STATUSES,
  type StateKind,
  stateKind,
  stateRank,
  statusRank,
} from './states.ts';
export {TagExpression} from './tag-expression.ts';
export {parseTarget} from './target.ts';
export {type DataValues, parseCsv, singleValue, toDatum} from './test-data.ts';
export {
  type HistoryScore,
  isOutcome,
  type Outcome,
  type OutcomeClass,
  outcomeClass,
  scoreHistory,
  type Verdict,
} from './test-history.ts';
export {TestPattern} from './test-pattern.ts';
export {TestFilter, TextFilter} from './text-filter.ts';
export {BarRows, groupBars, mostAtOnce, type TimedRecord} from './timeline.ts';
export {unreachable} from './unreachable.ts';
export {findCycles, upstreamOrder} from './upstream-order.ts';
export {type Place, printPlace, printUserError, UserError, type UserErrorOptions} from './user-error.ts';
