/** The daemon's answers to every method of the table (spec homehost.md 9), over one `Homehost`. */
import type {CallContext, DaemonMethods, Handlers} from '@megatest/rpc';
import {feedHandlers} from './handlers/feed.ts';
import {type HandlerWorld, makeTools} from './handlers/handler-tools.ts';
import {jobsHandlers} from './handlers/jobs.ts';
import {managersHandlers} from './handlers/managers.ts';
import {recordsHandlers} from './handlers/records.ts';
import {runsHandlers} from './handlers/runs.ts';
import {sessionHandlers} from './handlers/session.ts';
import {testsHandlers} from './handlers/tests.ts';

export function makeHandlers(world: HandlerWorld): Handlers<DaemonMethods, CallContext> {
  const tools = makeTools(world);
  return {
    ...sessionHandlers(tools),
    ...runsHandlers(tools),
    ...testsHandlers(tools),
    ...recordsHandlers(tools),
    ...managersHandlers(tools),
    ...jobsHandlers(tools),
    ...feedHandlers(tools),
  };
}
