export type {DecidingLine, LogResult, RuleResult, TriggerResult} from './analysis.ts';
export {checkRules, type RulesProblem} from './check-rules.ts';
export {logproCommand} from './command.ts';
export type {Status} from './judgement.ts';
export type {RuleFile} from './rules.ts';
export {type Place, RulesError} from './rules-error.ts';
export {type LogproOutcome, type LogproRequest, runLogpro} from './run-logpro.ts';
