/** The daemon's answers to every method of the table (spec homehost.md 9), over one `Homehost`. */
import type {CallContext, DaemonMethods, Handlers} from '@megatest/rpc';
import {actionsHandlers} from './handlers/actions.ts';
import {archiveHandlers} from './handlers/archive.ts';
import {areaHandlers} from './handlers/area.ts';
import {changesHandlers} from './handlers/changes.ts';
import {feedHandlers} from './handlers/feed.ts';
import {filesHandlers} from './handlers/files.ts';
import {type HandlerWorld, makeTools} from './handlers/handler-tools.ts';
import {jobsHandlers} from './handlers/jobs.ts';
import {keysHandlers} from './handlers/keys.ts';
import {managersHandlers} from './handlers/managers.ts';
import {metaHandlers} from './handlers/meta.ts';
import {packetsHandlers} from './handlers/packets.ts';
import {panelHandlers} from './handlers/panel.ts';
import {recordsHandlers} from './handlers/records.ts';
import {runsHandlers} from './handlers/runs.ts';
import {schedulingHandlers} from './handlers/scheduling.ts';
import {sessionHandlers} from './handlers/session.ts';
import {testsHandlers} from './handlers/tests.ts';
import {variablesHandlers} from './handlers/variables.ts';
import {viewsHandlers} from './handlers/views.ts';

export function makeHandlers(world: HandlerWorld): Handlers<DaemonMethods, CallContext> {
  const tools = makeTools(world);
  return {
    ...sessionHandlers(tools),
    ...keysHandlers(tools),
    ...runsHandlers(tools),
    ...testsHandlers(tools),
    ...recordsHandlers(tools),
    ...metaHandlers(tools),
    ...archiveHandlers(tools),
    ...schedulingHandlers(tools),
    ...managersHandlers(tools),
    ...variablesHandlers(tools),
    ...changesHandlers(tools),
    ...jobsHandlers(tools),
    ...actionsHandlers(tools),
    ...packetsHandlers(tools),
    ...feedHandlers(tools),
    ...areaHandlers(tools),
    ...panelHandlers(tools),
    ...filesHandlers(tools),
    ...viewsHandlers(tools),
  };
}
