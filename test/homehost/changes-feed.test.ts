/** Who subscribes learns what happens to a run, on the command line as over the wire, and goes on after a lost daemon. */
import {expect, it} from 'vitest';
import {until} from '../rig/until.ts';
import {LoneArea} from './lone-area.ts';

type Line = {
  readonly rev?: number;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
};

it('every change comes as a line, and a new daemon begins to count anew', async () => {
  await using lone = await LoneArea.make();
  const {area} = lone;
  const follower = area.start([
    'megatest',
    'rpc',
    'subscribe',
    '{"topics": ["changes", "runners"]}',
    '--follow',
  ]);
  const lines = () =>
    follower
      .stdout()
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Line);
  const told = (method: string) => lines().filter((line) => line.method === method);
  await until(() => lines().length > 0);
  expect(lines()[0]).toEqual({rev: expect.any(Number)});

  const run = await area.megatest(['run', '-t', 'x', '-n', 'second']);
  expect(run.code).toBe(0);
  const [{id}] = (await lone.rpc('runs.list', {runPatt: 'second'})) as [{readonly id: number}];
  const [{id: testId, eventTime, runDuration}] = (await lone.rpc('tests.list', {runIds: [id]})) as [
    {readonly id: number; readonly eventTime: number; readonly runDuration: number},
  ];
  const codeOf = (state: string, status: string) =>
    told('palette').flatMap(({params}) => {
      const {from, entries} = params as {from: number; entries: {state: string; status: string}[]};
      const index = entries.findIndex((entry) => entry.state === state && entry.status === status);
      return index < 0 ? [] : [from + index];
    })[0];
  const entries = () => told('changed').flatMap(({params}) => params?.tests as number[][]);
  await until(() => {
    const last = entries().findLast(([ofTest]) => ofTest === testId);
    return last !== undefined && last[2] === codeOf('COMPLETED', 'PASS');
  });
  expect(entries().findLast(([ofTest]) => ofTest === testId)).toEqual([
    testId,
    id,
    codeOf('COMPLETED', 'PASS'),
    eventTime,
    runDuration,
  ]);
  await until(() =>
    told('runners.changed').some(({params}) => {
      const {runner} = params as {runner: {runId: number; state: string}};
      return runner.runId === id && runner.state === 'done';
    }),
  );
  // Nothing was left out: each `changed` begins where the one before ended.
  const revs = told('changed').map(({params}) => [params?.prev, params?.rev]);
  expect(revs.slice(1).map(([prev]) => prev)).toEqual(revs.slice(0, -1).map(([, rev]) => rev));

  const answers = lines().filter(({rev}) => rev !== undefined).length;
  await area.megatest(['server', 'stop']);
  await lone.rpc('server.status');
  await until(() => lines().filter(({rev}) => rev !== undefined).length > answers);
  const before = told('changed').length;
  await lone.note('seen');
  await until(() => told('changed').length > before);
  expect(told('changed').at(-1)?.params).toMatchObject({runs: [1]});
  follower.child.kill('SIGTERM');
  await follower.ended;
});

it('a topic that is none is refused, and so is a subscription that nobody could hear', async () => {
  await using lone = await LoneArea.make();
  const refused = await lone.area.megatest(['rpc', 'subscribe', '{"topics": ["all"]}', '--follow']);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain(
    'topics are changes, run:ID, test:ID, runners, jobs, job:ID, grid:ID, log:ID and mode',
  );
  const {token} = (await lone.rpc('server.sessionToken')) as {readonly token: string};
  const {port} = lone.area.serverRecord();
  const posted = await fetch(`http://127.0.0.1:${port}/rpc`, {
    method: 'POST',
    headers: {authorization: `Bearer ${token}`},
    body: JSON.stringify({jsonrpc: '2.0', id: 1, method: 'subscribe', params: {topics: ['changes']}}),
  });
  expect(posted.status).toBe(400);
  expect(await posted.text()).toContain('use a WebSocket');
});
