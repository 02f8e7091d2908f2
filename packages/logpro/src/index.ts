export type {DecidingLine, Status} from './analysis.ts';
export {logproCommand} from './command.ts';
export {loadRules, RulesError} from './rules.ts';
export {type LogproOutcome, type LogproRequest, runLogpro} from './run-logpro.ts';
