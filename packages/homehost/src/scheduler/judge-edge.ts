/** What one waiton says to a test that waits for it: the gate, asked about what the schedule knows. */
import {type Gate, judge, type Verdict} from './gate.ts';
import {isItemwise, judgeNeed, neededPath} from './needs.ts';
import type {MayOthersStart} from './others.ts';
import {type Edge, upstreamView} from './schedule-node.ts';

export type Judged = {readonly edge: Edge; readonly gate: Gate; readonly verdict: Verdict};

/** `isExpansion`: asked for the test as a whole, before its instances are registered; `itemPath` does not matter then. */
export function judgeEdge(
  edge: Edge,
  itemPath: string,
  isExpansion: boolean,
  mayOthersStart: MayOthersStart,
): Judged {
  const {dependant, upstream} = edge;
  const {modes, iterated} = dependant.plan;
  const path = isExpansion || !isItemwise(edge) ? '' : neededPath(edge, itemPath);
  const whole: Gate = isExpansion && iterated !== 'no' ? 'expansion' : 'whole';
  const gate = path === '' ? whole : 'item';
  const item = gate === 'item' ? judgeNeed(edge, path, mayOthersStart) : 'none';
  return {
    edge,
    gate,
    verdict: judge(
      modes,
      gate,
      upstreamView(upstream, () => mayOthersStart(upstream.plan.testName), item),
    ),
  };
}
