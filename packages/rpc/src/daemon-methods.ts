/** What the homehost daemon answers (spec homehost.md 9), and what it tells without being asked. */
import * as z from 'zod';
import {actionsMethods} from './methods/actions.ts';
import {archiveMethods} from './methods/archive.ts';
import {areaMethods} from './methods/area.ts';
import {changesMethods} from './methods/changes.ts';
import {feedMethods, feedNotifications} from './methods/feed.ts';
import {filesMethods, filesNotifications} from './methods/files.ts';
import {jobsMethods} from './methods/jobs.ts';
import {keysMethods} from './methods/keys.ts';
import {managersMethods} from './methods/managers.ts';
import {metaMethods} from './methods/meta.ts';
import {packetsMethods} from './methods/packets.ts';
import {panelMethods} from './methods/panel.ts';
import {recordsMethods} from './methods/records.ts';
import {runsMethods} from './methods/runs.ts';
import {schedulingMethods} from './methods/scheduling.ts';
import {sessionMethods} from './methods/session.ts';
import {id} from './methods/shapes.ts';
import {testsMethods} from './methods/tests.ts';
import {variablesMethods} from './methods/variables.ts';
import {viewsMethods} from './methods/views.ts';

export type {RunSummary, SubmitOptions} from './methods/runs.ts';
export {submitOptions} from './methods/runs.ts';
export type {ClientInfo, ServerStatus, SyncStatus} from './methods/session.ts';
export type {TestRef} from './methods/shapes.ts';

export const daemonMethods = {
  ...sessionMethods,
  ...keysMethods,
  ...runsMethods,
  ...testsMethods,
  ...recordsMethods,
  ...metaMethods,
  ...archiveMethods,
  ...schedulingMethods,
  ...managersMethods,
  ...variablesMethods,
  ...changesMethods,
  ...jobsMethods,
  ...actionsMethods,
  ...packetsMethods,
  ...feedMethods,
  ...areaMethods,
  ...panelMethods,
  ...filesMethods,
  ...viewsMethods,
} as const;

export type DaemonMethods = typeof daemonMethods;

/** What the daemon sends unasked. Missing one never matters: each has a call that asks for the same. */
export const daemonNotifications = {
  'driver.output': z
    .object({
      driverId: id,
      seq: id,
      stream: z.enum(['stdout', 'log']),
      level: z.number(),
      text: z.string(),
    })
    .describe(
      'What a driver says; to who watches it (`runs.submit`, `runs.attach`), as the other `driver` ones.',
    ),
  'driver.progress': z
    .object({
      driverId: id,
      total: id,
      done: id,
      running: id,
      failed: id,
    })
    .describe('How far the run is.'),
  'driver.result': z
    .object({
      driverId: id,
      testId: id,
      testName: z.string(),
      itemPath: z.string(),
      state: z.string(),
      status: z.string(),
      runDuration: z.number(),
      host: z.string(),
      comment: z.string(),
      /** How many tests of the run have ended, of how many. */
      done: id,
      total: id,
    })
    .describe('A test of the run has a new result.'),
  'driver.ended': z.object({driverId: id, exitCode: z.number()}).describe('The run has ended.'),
  'server.goingDown': z.object({reason: z.string()}).describe('The daemon leaves; to everybody.'),
  'sync.flushed': z
    .object({stamp: z.number(), seq: id})
    .describe('Everything that was committed up to this is in `megatest.db`; to everybody.'),
  ...feedNotifications,
  ...filesNotifications,
} as const;

export type DaemonNotifications = {
  [N in keyof typeof daemonNotifications]: z.output<(typeof daemonNotifications)[N]>;
};
