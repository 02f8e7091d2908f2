/** From the rows of a test to its instances: which of them this run launches (spec runs.md 7.2, 7.3). */
import type {Note} from './action.ts';
import {decideLaunch} from './launch-decision.ts';
import {itemsInLaunchOrder} from './launch-order.ts';
import {remember} from './needs.ts';
import {fullName, type Node, type ScheduledInstance} from './schedule-node.ts';
import type {RegisteredRow, ScheduleOptions} from './schedule-options.ts';

/** Instances that may be launched are `pending`; `left` holds the notes about the others. */
export function instancesOf(
  node: Node,
  rows: readonly RegisteredRow[],
  options: ScheduleOptions,
): {readonly instances: readonly ScheduledInstance[]; readonly left: readonly Note[]} {
  const {testName} = node.plan;
  const ordered = itemsInLaunchOrder(testName, node.items, options.order);
  const ranks = new Map(ordered.map(({itemPath, vars}, rank) => [itemPath, {vars, rank}]));
  const left: Note[] = [];
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
    } else if (options.isWanted?.(testName, itemPath) ?? true) {
      const decision = decideLaunch(fullName(instance), {state, status}, options);
      if (decision.kind === 'launch') {
        instance.phase = 'pending';
        for (const edge of node.upstream) {
          remember(edge, instance);
        }
      } else {
        left.push(decision);
      }
    }
    return instance;
  });
  return {instances, left};
}
