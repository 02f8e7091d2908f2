/**
 * What a test of a run would have to wait for, asked from outside: the gate (spec runs.md 6), over what the drivers of the run have in
 * their queues, and over the rows alone for what none of them has.
 */
import {
  type ItemMapRow,
  isRunning,
  type Mode,
  mapTextFor,
  type PlannedTest,
  type StateStatus,
} from '@megatest/model';
import type {Prerequisites} from '@megatest/rpc';
import {stronger, type Verdict} from './gate.ts';
import {type Judged, judgeEdge} from './judge-edge.ts';
import {neededPath} from './needs.ts';
import type {MayOthersStart} from './others.ts';
import {isSettled, itemView, makeEdge, makeNode, type Node} from './schedule-node.ts';

export type PrerequisiteQuery = {
  readonly testName: string;
  /** Empty: the test as a whole. */
  readonly itemPath: string;
  readonly waitons: readonly string[];
  readonly modes: readonly Mode[];
  readonly itemMaps: readonly ItemMapRow[];
};

export type PrerequisiteWorld = {
  /** Rows of a test in the run; the one with empty item path is its own. */
  readonly rowsOf: (testName: string) => readonly (StateStatus & {readonly itemPath: string})[];
  /** The test in the schedules of the drivers that have it. */
  readonly scheduledOf: (testName: string) => readonly Node[];
  /** Whether some driver may still start something of a test. */
  readonly mayStart: MayOthersStart;
  readonly isRunningAnywhere: (testName: string, itemPath: string | undefined) => boolean;
};

/** For queries that are asked at the same moment: what is known of a test is looked up once. */
export class PrerequisiteCheck {
  readonly #world: PrerequisiteWorld;
  readonly #nodes = new Map<string, Node>();
  /** Tests of which the run has no row. */
  readonly #missing = new Set<string>();

  constructor(world: PrerequisiteWorld) {
    this.#world = world;
  }

  /** Throws a `SyntaxError` when an item map does not compile. */
  ask({testName, itemPath, waitons, modes, itemMaps}: PrerequisiteQuery): Prerequisites {
    const {mayStart, isRunningAnywhere} = this.#world;
    const isIterated = itemPath !== '' || hasItems(this.#nodeOf(testName));
    const dependant = makeNode(plannedAs(testName, modes, isIterated), 0);
    const judged = waitons.map((waiton) => {
      const edge = makeEdge(dependant, this.#nodeOf(waiton), mapTextFor({testName, itemMaps}, waiton));
      return judgeEdge(edge, itemPath, itemPath === '', mayStart);
    });
    return {
      verdict: judged.reduce<Verdict>((result, {verdict}) => stronger(result, verdict), 'go'),
      unmet: judged.flatMap((one) => this.#unmet(one, itemPath)),
      isExcluded:
        modes.includes('exclusive') &&
        isRunningAnywhere(testName, isIterated && itemPath === '' ? undefined : itemPath),
    };
  }

  #unmet({edge, gate, verdict}: Judged, itemPath: string): Prerequisites['unmet'] {
    if (verdict === 'go') {
      return [];
    }
    const {upstream} = edge;
    const {testName} = upstream.plan;
    const path = gate === 'item' ? neededPath(edge, itemPath) : '';
    const whole = this.#missing.has(testName) ? undefined : upstream.parent;
    const {state = null, status = null} = (path === '' ? whole : itemView(upstream, path)) ?? {};
    return [{testName, itemPath: path, state, status, verdict}];
  }

  #nodeOf(testName: string): Node {
    const known = this.#nodes.get(testName);
    if (known !== undefined) {
      return known;
    }
    const scheduled = this.#world.scheduledOf(testName);
    // A driver that has not decided about it yet knows best.
    const node = scheduled.find((one) => !isSettled(one)) ?? scheduled[0] ?? this.#fromRows(testName);
    this.#nodes.set(testName, node);
    return node;
  }

  #fromRows(testName: string): Node {
    const rows = this.#world.rowsOf(testName);
    if (rows.length === 0) {
      this.#missing.add(testName);
    }
    const node = makeNode(plannedAs(testName, [], rows.some(isItem)), 0);
    node.phase = 'closed';
    for (const row of rows) {
      if (isItem(row)) {
        node.strangers.set(row.itemPath, row);
        node.hasLaunched ||= row.state !== 'NOT_STARTED';
      } else {
        node.parent = row;
      }
      node.active += isRunning(row.state) ? 1 : 0;
    }
    return node;
  }
}

function isItem({itemPath}: {readonly itemPath: string}): boolean {
  return itemPath !== '';
}

function hasItems({plan, strangers}: Node): boolean {
  return plan.iterated !== 'no' || strangers.size > 0;
}

/** As much of a plan as the gate looks at. */
function plannedAs(testName: string, modes: readonly Mode[], isIterated: boolean): PlannedTest {
  return {
    testName,
    testDir: '',
    waitons: [],
    modes,
    priority: 0,
    jobgroup: '',
    hasTriggers: false,
    iterated: isIterated ? 'now' : 'no',
    items: [],
    skip: null,
    reason: '',
    isInCycle: false,
  };
}
