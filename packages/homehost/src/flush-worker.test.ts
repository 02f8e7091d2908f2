import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {expect, it} from 'vitest';
import {FlushWorker} from './flush-worker.ts';

const request = {working: '/m.db', area: '/t.db', owner: '', marginS: 10, nowS: 1};

it('a thread that dies fails its flush, and the next flush has another one', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'megatest-worker-'));
  const script = join(directory, 'worker.cjs');
  writeFileSync(
    script,
    `const {parentPort, threadId} = require('node:worker_threads');
     parentPort.on('message', ({nowS}) => {
       if (nowS === 0) throw new Error('broken');
       parentPort.postMessage({kind: 'lostLease', owner: String(threadId)});
     });`,
  );
  const worker = new FlushWorker(script);
  const first = await worker.flush(request);
  expect(await worker.flush(request)).toEqual(first);
  expect(await worker.flush({...request, nowS: 0})).toEqual({kind: 'failed', message: 'broken'});
  const next = await worker.flush(request);
  expect(next.kind).toBe('lostLease');
  expect(next).not.toEqual(first);
  await worker.close();
  expect((await worker.flush(request)).kind).toBe('lostLease');
  await worker.close();
  rmSync(directory, {recursive: true});
});
