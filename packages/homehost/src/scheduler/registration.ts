/** From the rows of a test to its instances: which of them this run launches (spec runs.md 7.2, 7.3). */
import type {StateStatus} from '@megatest/model';
import type {Note} from './action.ts';
import {decideLaunch} from './launch-decision.ts';
import {itemsInLaunchOrder} from './launch-order.ts';
import {remember} from './needs.ts';
import {fullName, type Node, type ScheduledInstance} from './schedule-node.ts';
import type {RegisteredRow, ScheduleOptions} from './schedule-options.ts';

export type Registered = {
  /** Those that may be launched are `pending`. */
  readonly instances: readonly ScheduledInstance[];
  /** Why others are left as they are. */
  readonly notes: readonly Note[];
  /** Launched before the daemon was restarted; what has become of them since is to be told as a change. */
  readonly resumed: readonly {
    readonly instance: ScheduledInstance;
    readonly row: StateStatus;
    readonly retry: number;
  }[];
};

export function instancesOf(
  node: Node,
  rows: readonly RegisteredRow[],
  options: ScheduleOptions,
): Registered {
  const {testName} = node.plan;
  const ordered = itemsInLaunchOrder(testName, node.items, options.order);
  const ranks = new Map(ordered.map(({itemPath, vars}, rank) => [itemPath, {vars, rank}]));
  const notes: Note[] = [];
  const resumed: Registered['resumed'][number][] = [];
  const instances = rows.map((row) => {
    const {testId, itemPath} = row;
    const {vars, rank} = ranks.get(itemPath) ?? {vars: [], rank: rows.length};
    // What was told while the rows were being made is newer than what was found then.
    const told = itemPath === '' ? node.parent : node.strangers.get(itemPath);
    const {state, status} = told ?? row;
    node.strangers.delete(itemPath);
    const instance: ScheduledInstance = {node, itemPath, vars, testId, rank, state, status, phase: 'left'};
    if (row.isOwnLaunch && !options.isRetry) {
      instance.phase = 'launched';
      instance.state = 'LAUNCHED';
      instance.status = 'n/a';
      resumed.push({instance, row: {state, status}, retry: row.retry ?? 0});
    } else if (options.isWanted?.(testName, itemPath) ?? true) {
      const decision = decideLaunch(fullName(instance), {state, status}, options);
      if (decision.kind === 'launch') {
        instance.phase = 'pending';
        for (const edge of node.upstream) {
          remember(edge, instance);
        }
      } else {
        notes.push(decision);
      }
    }
    return instance;
  });
  return {instances, notes, resumed};
}
