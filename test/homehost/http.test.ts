/** What the daemon tells anybody who reaches its port: that it is there, and how much is going on; no names. */
import {expect, it} from 'vitest';
import {LoneArea} from './lone-area.ts';

it('health and figures are told without a login, and nothing else is', async () => {
  await using lone = await LoneArea.make();
  const {port} = lone.area.serverRecord();
  const get = async (path: string) => await fetch(`http://127.0.0.1:${port}${path}`);

  const health = (await (await get('/health')).json()) as Record<string, unknown>;
  expect(health).toEqual({
    area: lone.path,
    serverId: expect.any(String),
    uptimeS: expect.any(Number),
  });

  const metrics = await get('/metrics');
  expect(metrics.headers.get('content-type')).toContain('application/openmetrics-text');
  const text = await metrics.text();
  const lines = text.trimEnd().split('\n');
  expect(lines.at(-1)).toBe('# EOF');
  expect(lines.filter((line) => !/^(#|megatest_[a-z_]+(\{[a-z]+="[^"]*"\})? -?[\d.]+$)/.test(line))).toEqual(
    [],
  );
  expect(text).toMatch(/^megatest_managers \d+$/m);
  expect(text).toMatch(/^megatest_writes_total [1-9]/m);
  expect(text).toMatch(/^megatest_jobs\{state="queued"\} 0$/m);
  expect(text).toMatch(/^megatest_calls_total\{method="runs.submit"\} 1$/m);
  expect(text).not.toContain(lone.path);

  for (const path of ['/', '/megatest.db', '/../megatest.config', '/files/1', '/api/runs']) {
    expect((await get(path)).status).toBe(404);
  }
});
