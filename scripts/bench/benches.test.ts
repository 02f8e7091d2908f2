/** Every bench with a tiny size, so that none of them rots between the nights in which somebody reads their figures. */
import {describe, expect, it} from 'vitest';
import {cache} from './cache.ts';
import {config} from './config.ts';
import {first} from './first.ts';
import {idle} from './idle.ts';
import {many} from './many.ts';
import {overhead} from './overhead.ts';
import {queryCommands} from './queries.ts';
import {rpc} from './rpc.ts';
import {scale} from './scale.ts';
import {steady} from './steady.ts';
import {step} from './step.ts';
import {sync} from './sync.ts';
import {views} from './views.ts';

const benches = [
  ['overhead', overhead, ['--sizes', '3', '--rounds', '1', '--without', 'parallel,snakemake']],
  ['scale', scale, ['--items', '20']],
  ['many', many, ['--tests', '3', '--seconds', '1']],
  ['step', step, ['--rounds', '2']],
  ['first', first, ['--rounds', '1']],
  ['queries', queryCommands, ['--runs', '2', '--tests', '5', '--rounds', '1']],
  ['idle', idle, ['--seconds', '1', '--settle', '0']],
  ['sync', sync, ['--tests', '50', '--rounds', '1']],
  ['steady', steady, ['--seconds', '1', '--perSecond', '100', '--tests', '50']],
  ['cache', cache, ['--tests', '50', '--rounds', '1']],
  ['views', views, ['--runs', '3', '--tests', '20', '--rounds', '1']],
  ['rpc', rpc, ['--rounds', '2', '--ms', '50', '--warm', '0', '--clients', '2', '--depths', '2']],
  ['config', config, ['--tests', '5', '--items', '50', '--rounds', '1']],
] as const;

describe('a bench', () => {
  it.each(benches)('%s measures something beside its reference', async (_, bench, options) => {
    const rows = await bench(options);
    expect(rows.length).toBeGreaterThan(0);
    for (const {ours, referenceValue, unit} of rows) {
      expect(Number.isFinite(ours), unit).toBe(true);
      expect(referenceValue).toBeGreaterThan(0);
    }
  });
});
