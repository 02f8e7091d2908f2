import {describe, expect, it} from 'vitest';
import type {LaunchOrder} from '../../packages/homehost/src/scheduler/launch-order.ts';
import {Random} from './random.ts';
import {randomArea} from './random-plan.ts';
import {Simulation, type SimulationOptions, type SimulationResult} from './simulation.ts';

const seeds = 200;

/** Everything about a small run follows from its seed. */
function simulate(seed: number): SimulationResult {
  const random = new Random(seed);
  const area = randomArea(random, {tests: 2 + random.below(9), maxItems: 6, cycleChance: 0.1});
  const options: SimulationOptions = {
    seed,
    slots: 1 + random.below(6),
    groupSlots: 1 + random.below(2),
    runners: random.chance(0.3) ? 2 : 1,
    ...(random.chance(0.1) ? {maxFail: 1 + random.below(3)} : {}),
    ...(random.chance(0.3) ? {order: randomOrder(random, seed)} : {}),
    restarts: random.pick([0, 0.5]),
    runsAgain: random.chance(0.3),
    fails: random.pick([0, 0.1, 0.4]),
    losesManager: random.pick([0, 0, 0.1]),
    isKilled: random.pick([0, 0, 0.05]),
    isSkipped: random.pick([0, 0.1]),
    comesTwice: 0.3,
  };
  return new Simulation(area, options).run();
}

function randomOrder(random: Random, seed: number): LaunchOrder {
  const durations = new Map(Array.from({length: 5}, (_, index) => [`t${index}`, 1 + random.below(100)]));
  return random.chance(0.5)
    ? {kind: 'shuffle', seed}
    : {kind: 'critical-path', durationS: (testName) => durations.get(testName)};
}

describe('a simulated run', () => {
  it(`keeps every law with ${seeds} seeds`, () => {
    let launches = 0;
    for (let seed = 1; seed <= seeds; seed += 1) {
      try {
        launches += simulate(seed).launches;
      } catch (cause) {
        throw new Error(`seed ${seed}: ${cause instanceof Error ? cause.message : cause}`, {cause});
      }
    }
    // A simulation in which nothing runs would keep every law.
    expect(launches).toBeGreaterThan(10 * seeds);
  });

  it('is the same run for the same seed, and another one for another seed', () => {
    expect(simulate(7)).toEqual(simulate(7));
    expect(simulate(7).digest).not.toBe(simulate(8).digest);
  });
});
