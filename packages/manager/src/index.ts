export {examineHost, type HostToExamine} from './doctor/examine-host.ts';
export {
  type CommandInfo,
  decodeCommandInfo,
  encodeCommandInfo,
  itemPathOf,
  parentDirectory,
} from './execution/cmdinfo.ts';
export {leaveGroupOfTest} from './execution/control-group.ts';
export {CALLER_VARIABLES, envFiles} from './execution/env-files.ts';
export {readSnapshot, snapshotFile} from './execution/env-snapshot.ts';
export {testEnvironment} from './execution/environment.ts';
export {readDat} from './execution/log-check.ts';
export {keepPending} from './execution/pending-reports.ts';
export {type IteratedTest, updateRollUpPage} from './execution/roll-up-pages.ts';
export {writeSummaryPage} from './execution/summary-page.ts';
export {rollUpWorld} from './follow-ups.ts';
export {hasServedHere} from './helper/call-server.ts';
export {waivedEntries} from './helper/waived-entries.ts';
export {decodePilot, readPilotOrder, removePilotOrder} from './launch/pilot-order.ts';
export {type ManagerPrograms, runManager} from './manager.ts';
export {needsOf, spaceRequiredKiB} from './plan/area-needs.ts';
export type {PlanningReply, PlanningRequest} from './plan/planner.ts';
export {askPlanner, runPlannerChild} from './plan/planner-child.ts';
