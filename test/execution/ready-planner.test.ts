import {readFileSync} from 'node:fs';
import {expect, it} from 'vitest';
import {TestArea} from '../rig/area.ts';
import {until} from '../rig/until.ts';
import {areaWith} from './area-files.ts';

it('the planning child that waits ends with its manager, also when that is killed', async () => {
  await using area = TestArea.make(areaWith({one: '[ezsteps]\nbody true\n'}));
  await area.megatest(['-run', '-target', 'x', '-runname', 'r', '-testpatt', '%', '-run-wait']);
  const parts = (name: string) => area.processes().filter(({command}) => command.includes(`dist/${name}.js`));
  await until(() => parts('planner').length > 0);
  const [manager] = parts('manager');
  expect(manager).toBeDefined();
  const parents = parts('planner').map(
    ({pid}) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1],
  );
  expect(parents).toEqual([String(manager?.pid)]);
  process.kill(manager?.pid ?? 0, 'SIGKILL');
  await until(() => parts('planner').length === 0);
});
