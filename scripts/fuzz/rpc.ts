/** The fuzz of the daemon: prints what it answered, what went wrong, and how long an honest client had to wait meanwhile. */
import {RPC_CODES} from '@megatest/rpc';
import {LoneArea} from '../../test/homehost/lone-area.ts';
import {fuzzRpc} from '../../test/homehost/rpc-fuzz.ts';

const names = new Map(Object.entries(RPC_CODES).map(([name, code]) => [code as number, name]));

/** Returns the exit code. */
export async function rpc(seed: number, inputs: number): Promise<number> {
  await using lone = await LoneArea.make();
  const startMs = performance.now();
  const outcome = await fuzzRpc(lone, seed, inputs);
  const {latency, answers, problems} = outcome;
  console.log(
    `${outcome.inputs} inputs in ${((performance.now() - startMs) / 1000).toFixed(0)} s, seed ${seed}`,
  );
  for (const [code, count] of [...answers].sort((a, b) => b[1] - a[1])) {
    console.log(`  ${String(count).padStart(8)}  ${code === 0 ? 'answered' : (names.get(code) ?? code)}`);
  }
  const ms = (value: number) => `${value.toFixed(1)} ms`;
  console.log(
    `an honest client: ${latency.count} answers, median ${ms(latency.p50)}, p99 ${ms(latency.p99)}, longest ${ms(latency.max)}`,
  );
  console.log(`memory of the daemon: ${(outcome.memoryBytes / 1024 / 1024).toFixed(0)} MiB`);
  for (const problem of problems) {
    console.log(`WRONG: ${problem}`);
  }
  return problems.length === 0 ? 0 : 1;
}
