/**
 * Who is to be looked at again after a change of a test: only those whose gate may answer otherwise now. Without that care, each of
 * a hundred thousand items would look at a hundred thousand others.
 */
import {isEnded, isRunning} from '@megatest/model';
import {isForced} from './gate.ts';
import {wakeConcerned} from './needs.ts';
import type {MayOthersStart} from './others.ts';
import {isSettled, type Node, type ScheduledInstance} from './schedule-node.ts';

export type Wake = {
  readonly node: (node: Node) => void;
  readonly instance: (instance: ScheduledInstance) => void;
};

/** Tells the dependants of `node` of a change: of one of its items, or (without an item path) of the test as a whole. */
export function announce(
  node: Node,
  itemPath: string | undefined,
  mayOthersStart: MayOthersStart,
  wake: Wake,
): void {
  if (itemPath !== undefined && itemPath !== '') {
    for (const edge of node.dependants) {
      wakeConcerned(edge, itemPath, mayOthersStart, wake.instance);
    }
  }
  const before = node.told;
  const {parent} = node;
  const isFinished = isSettled(node) && node.active === 0 && node.unwritten === 0;
  const canExpand = node.hasLaunched || isRunning(parent.state) || isEnded(parent.state);
  const hasNewParent = parent.state !== before.parent.state || parent.status !== before.parent.status;
  if (!hasNewParent && isFinished === before.isFinished && canExpand === before.canExpand) {
    return;
  }
  node.told = {isFinished, canExpand, parent};
  const hasNewEnd = isFinished && (hasNewParent || !before.isFinished);
  if (hasNewEnd || (canExpand && !before.canExpand)) {
    for (const {dependant} of node.dependants) {
      wake.node(dependant);
    }
  }
  // While items still wait in the queue, the parent row passes through every status again and again as they end one by one.
  if (hasNewEnd || (hasNewParent && isForced(parent) && isSettled(node))) {
    wakeInstances(node, wake);
  }
}

/** All instances that wait for `node` in any way. */
export function wakeInstances(node: Node, wake: Wake): void {
  for (const {dependant} of node.dependants) {
    if (dependant.undecided > 0) {
      dependant.instances.forEach(wake.instance);
    }
  }
}
