/** examples/sqlite-qualification to its end: a real compiler, real SQL work, and the daemon on another host than the tests. */
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, it} from 'vitest';
import {TestArea} from './rig/area.ts';
import {Hosts} from './rig/hosts.ts';
import {describeWith} from './rig/needs.ts';

const source = join(import.meta.dirname, '../node_modules/better-sqlite3/deps/sqlite3');
const minutes = 60_000;

describeWith(['root', 'ip', 'unshare', 'gcc'], 'the qualification of SQLite', () => {
  it(
    'builds, checks and measures every build, with the daemon on another host, and its report holds measured values',
    async () => {
      await using area = TestArea.copyOf('sqlite-qualification');
      await using hosts = await Hosts.make(['home', 'work'], area.beside('.'));
      const [home, work] = [hosts.host('home'), hosts.host('work')];
      expect((await area.megatest(['server', 'start'], {host: home})).stderr).toBe('');
      const words = '-run -target quick/linux -runname q1 -testpatt % -run-wait'.split(' ');
      const run = await area.megatest(words, {host: work, env: {SQLITE_SOURCE: source}});
      expect(run.code).toBe(0);
      expect(run.stdout).toMatch(/^COMPLETED {3}PASS .* lt\/quick\/linux\/q1\/report *$/m);
      expect(run.stdout.match(/^COMPLETED {3}(FAIL|ABORT|CHECK|DEAD)/m)).toBe(null);
      expect(run.stdout).not.toMatch(/^NOT_STARTED/m);

      expect(area.serverRecord().host).toBe('home');
      await area.megatest(['rpc', 'sync.flush'], {host: work});
      const hostsOfTests = area.query("SELECT DISTINCT host FROM tests WHERE uname <> 'n/a'");
      expect(hostsOfTests).toEqual([{host: 'work'}]);
      const values = area.query(
        "SELECT variable, status, count(*) AS count FROM test_data WHERE category IN ('compile', 'speed') AND type <> 'logpro' GROUP BY variable, status ORDER BY variable",
      );
      // The first compiler found, two levels.
      expect(values).toEqual([
        {variable: 'object_kb', status: 'pass', count: 2},
        {variable: 'relative_to_O0', status: 'pass', count: 2},
        {variable: 'rows_per_second', status: 'n/a', count: 2},
      ]);
      const report = readFileSync(join(area.path, 'links/quick/linux/q1/report/report.html'), 'utf8');
      expect(report.match(/<tr><td>\S+\/O[01]<td>\d+<td>\d+<td>\d+\.\d\d$/gm)).toHaveLength(2);
      const [top] = area.query("SELECT final_logf FROM tests WHERE testname = 'report'");
      expect(top).toEqual({final_logf: 'report.html'});
    },
    5 * minutes,
  );
});
