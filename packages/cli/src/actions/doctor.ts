/**
 * `megatest doctor`: looks at what a run needs, and says for each thing whether it is well and what to do if not. What this host has is
 * looked at here; the daemon and the managers of other hosts are asked what they find.
 */
import {findTests, listTargets} from '@megatest/config';
import {examineHost, needsOf} from '@megatest/manager';
import {printUserError, UserError} from '@megatest/model';
import {type Finding, fine, managerSocket, problem, somebodyListens, warning} from '@megatest/rpc';
import {megatestPath} from '../programs.ts';
import {environment, type Session} from '../session.ts';
import {checkFiles} from './check-config.ts';
import {examineDaemon} from './doctor-daemon.ts';
import {within} from './within.ts';

export type Check = {
  readonly name: string;
  readonly verdict: 'ok' | 'warning' | 'problem';
  readonly text: string;
  /** What to do about it. */
  readonly advice?: string;
};

type Part = () => Promise<Finding | readonly Finding[]> | Finding | readonly Finding[];

/** For a manager to come up, and to say how it is. */
const managerLimitMs = 30_000;

export async function examine(session: Session): Promise<readonly Check[]> {
  const parts: readonly (readonly [string, Part])[] = [
    ['config', () => checkConfig(session)],
    ['keys', () => checkKeys(session)],
    ['tests', () => checkTests(session)],
    [
      'host',
      async () =>
        await examineHost({
          needs: needsOf(session.area),
          env: environment(),
          homehost: session.homehost,
          executable: megatestPath(),
        }),
    ],
    ['homehost', () => checkHomehost(session)],
    ['daemon', async () => await examineDaemon(session)],
    ['manager', async () => await checkManager(session)],
  ];
  const found = await Promise.all(
    parts.map(async ([name, part]): Promise<readonly Finding[]> => {
      try {
        return [await part()].flat();
      } catch (error) {
        return [failed(name, error)];
      }
    }),
  );
  return found.flat().map(({check, ok, text, fix}) => ({
    name: check,
    verdict: ok ? (fix === '' ? 'ok' : 'warning') : 'problem',
    text,
    ...(fix === '' ? {} : {advice: fix}),
  }));
}

/** What went wrong says mostly what to do as well. */
function failed(name: string, error: unknown): Finding {
  if (error instanceof UserError) {
    const [message = '', ...more] = printUserError(error).trimEnd().split('\n');
    return problem(name, message, more.map((line) => line.trim()).join('; ') || 'see what it says');
  }
  return problem(
    name,
    error instanceof Error ? error.message : String(error),
    'it could not be looked at; ask again',
  );
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function checkConfig({area}: Session): Finding {
  const {env, cwd, configName, appendConfig} = area.options;
  const {problems} = checkFiles(area.path, {
    env,
    cwd,
    ...(configName === undefined ? {} : {configName}),
    ...(appendConfig === undefined ? {} : {appendConfig}),
  });
  const count = (wanted: string) => problems.filter(({severity}) => severity === wanted).length;
  const [errors, warnings] = [count('error'), count('warning')];
  const advice = 'see "megatest config check"';
  if (errors > 0) {
    return problem('config', `${counted(errors, 'error')} in the files of the area`, advice);
  }
  return warnings > 0
    ? warning('config', `${counted(warnings, 'warning')} about the files of the area`, advice)
    : fine('config', area.path);
}

function checkKeys({area, keys}: Session): Finding {
  const targets = listTargets(area).filter(
    (target) => target !== 'default' && target.split('/').length === keys.length,
  );
  return keys.length === 0
    ? problem('keys', 'no keys', 'name at least one in [fields]')
    : fine('keys', `${keys.join('/')}, ${counted(targets.length, 'target')}`);
}

function checkTests({area}: Session): Finding {
  const {size} = findTests(area);
  return size === 0
    ? warning('tests', 'no tests', 'make one: megatest new test NAME')
    : fine('tests', counted(size, 'test'));
}

function checkHomehost({homehost}: Session): Finding {
  const {name, isHere} = homehost;
  return fine('homehost', isHere ? `${name}, which is this host` : name);
}

async function checkManager(session: Session): Promise<Finding> {
  const wasThere = await somebodyListens(managerSocket(session.area.path, process.getuid?.() ?? 0));
  const status = await within(managerLimitMs, session.manager.call('manager.status', {}));
  if (status === undefined) {
    return problem(
      'manager',
      `it has not answered for ${managerLimitMs / 1000} seconds`,
      'end it; the next one takes its tests over',
    );
  }
  const {pid, tests, isConnected} = status;
  const begun = wasThere ? '' : ', started now';
  return fine(
    'manager',
    `pid ${pid}, ${counted(tests, 'test')}, ${isConnected ? 'connected' : 'not connected yet'}${begun}`,
  );
}
