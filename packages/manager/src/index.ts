export {type CommandInfo, commandInfo, decodeCommandInfo, encodeCommandInfo} from './execution/cmdinfo.ts';
export {envFiles} from './execution/env-files.ts';
export {parseCsv, parseDat, singleValue} from './execution/test-data.ts';
export {type ManagerPrograms, runManager} from './manager.ts';
export type {PlanningReply, PlanningRequest} from './plan/planner.ts';
export {askPlanner, runPlannerChild} from './plan/planner-child.ts';
