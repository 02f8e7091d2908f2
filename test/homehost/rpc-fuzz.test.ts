/** A short version of `npm run fuzz -- rpc`. */
import {expect, it} from 'vitest';
import {LoneArea} from './lone-area.ts';
import {fuzzRpc} from './rpc-fuzz.ts';

const inputs = Number(process.env.MEGATEST_FUZZ_RUNS ?? '5000');

it('whatever is sent to it, the daemon stays up, answers others, and changes nothing', {
  timeout: 3_600_000,
}, async () => {
  await using lone = await LoneArea.make();
  const outcome = await fuzzRpc(lone, 1, inputs);
  expect(outcome.problems).toEqual([]);
  expect(outcome.inputs).toBeGreaterThanOrEqual(inputs);
  // Every kind of input has come: what is no JSON, no request, no method, not its parameters, not allowed, and what is right.
  expect([...outcome.answers.keys()].sort()).toEqual(
    expect.arrayContaining([0, -32700, -32600, -32601, -32602, -32006, -32017]),
  );
});
