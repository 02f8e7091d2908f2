/** The actions of the old style that need an area, in their fixed order (spec cli.md 4, steps 9 to 20). */
import {existsSync} from 'node:fs';
import {
  cleanCache,
  getVariable,
  listTargets,
  loadRunconfig,
  onlySection,
  printConfig,
  printDisks,
  requireTarget,
} from '@megatest/config';
import {parseTarget, printUserError, TestPattern, UserError} from '@megatest/model';
import {changeStates, removeRuns, type Selection, setRunLocks, waitForRuns} from '../actions/change-runs.ts';
import {listRuns} from '../actions/list-runs.ts';
import {runLegacy} from '../actions/run-legacy.ts';
import {listServers, ping, printServers, stopServer} from '../actions/servers.ts';
import type {RunRequest} from '../actions/submit-run.ts';
import {filesIn, testDirectories} from '../actions/test-files.ts';
import type {Messages} from '../messages.ts';
import {loadPart} from '../programs.ts';
import {Session} from '../session.ts';
import type {LegacyArguments} from './arguments.ts';

export async function areaActions(
  args: LegacyArguments,
  messages: Messages,
): Promise<number | 'nothing to do'> {
  using session = openSession(args, messages);
  return await new AreaActions(args, messages, session).run();
}

export function openSession(args: LegacyArguments, messages: Messages): Session {
  return Session.open({
    messages,
    configName: args.value('-config'),
    appendConfig: args.value('-append-config'),
    target: givenTarget(args),
    runName: args.value('-runname', ':runname') ?? process.env.MT_RUNNAME,
    commandLine: args.values,
    noCache: args.has('-no-cache'),
  });
}

function givenTarget(args: LegacyArguments): string | undefined {
  return args.value('-reqtarg', '-target') ?? process.env.MT_TARGET;
}

class AreaActions {
  readonly #args: LegacyArguments;
  readonly #messages: Messages;
  readonly #session: Session;
  #isDone = false;
  #exitCode = 0;

  constructor(args: LegacyArguments, messages: Messages, session: Session) {
    this.#args = args;
    this.#messages = messages;
    this.#session = session;
  }

  async run(): Promise<number | 'nothing to do'> {
    const args = this.#args;
    if (args.has('-list-disks')) {
      this.#done();
      this.#messages.print(printDisks(this.#session.area.config));
    }
    if (args.has('-clean-cache')) {
      this.#done();
      this.#cleanCache();
    }
    const address = args.value('-ping');
    if (address !== undefined) {
      return (await ping(address)) ? 0 : 1;
    }
    if (args.has('-server')) {
      return await loadPart('start-server').startServer(this.#session);
    }
    if (args.has('-list-servers', '-kill-servers')) {
      this.#messages.print(printServers(listServers(this.#session.area.path)));
      return args.has('-kill-servers') && !(await stopServer(this.#session, '-kill-servers')) ? 1 : 0;
    }
    await this.#maintainDatabase();
    this.#showConfig();
    await this.#changeRuns();
    await this.#list();
    await this.#runTests();
    if (args.has('-test-paths', '-test-files')) {
      this.#done();
      await this.#testFiles();
    }
    if (args.has('-lock', '-unlock')) {
      this.#done();
      await setRunLocks(this.#session, this.#selection(false), args.has('-lock'));
    }
    if (args.has('-show-keys', '-showkeys')) {
      this.#done();
      this.#messages.print(`Keys: ${this.#session.keys.join(', ')}\n`);
    }
    if (args.has('-run-wait') && !args.has('-run', '-runtests', '-runall', '-rerun-clean', '-rerun-all')) {
      this.#done();
      await waitForRuns(this.#session, this.#selection(true));
    }
    return this.#isDone ? this.#exitCode : 'nothing to do';
  }

  #done(exitCode = 0): void {
    this.#isDone = true;
    this.#exitCode ||= exitCode;
  }

  #cleanCache(): void {
    const {linkTree, target} = this.#session.area;
    const runName = this.#args.value('-runname', ':runname');
    if (target === undefined || runName === undefined) {
      this.#messages.error('-clean-cache needs -target and -runname');
      return;
    }
    const removed = cleanCache({linkTree, target, runName});
    this.#messages.info(
      0,
      removed.length === 0 ? 'no cached files to remove' : `removed cached files: ${removed.join(' ')}`,
    );
  }

  async #maintainDatabase(): Promise<void> {
    const args = this.#args;
    const session = this.#session;
    const {cleanUp, importArea, rebuild, syncArea} = await import('../actions/database.ts');
    for (const [option, action] of [
      ['-import-megatest.db', importArea],
      ['-sync-to-megatest.db', syncArea],
      ['-cleanup-db', cleanUp],
      ['-rebuild-db', rebuild],
    ] as const) {
      if (args.has(option)) {
        this.#done();
        await action(session, option, (line) => this.#messages.print(`${line}\n`));
      }
    }
    if (args.has('-mark-incompletes')) {
      this.#done();
      const {testIds} = await session.daemon.call('runs.markIncomplete', {
        target: args.value('-reqtarg', '-target'),
        runPatt: args.value('-runname', ':runname'),
      });
      this.#messages.print(testIds.map((id) => `${id}\n`).join(''));
    }
  }

  #showConfig(): void {
    const args = this.#args;
    const {area} = this.#session;
    if (args.has('-list-targets')) {
      this.#done();
      this.#listTargets();
    }
    for (const [option, config, fallback] of [
      ['-show-runconfig', () => loadRunconfig(area).config, 'ini'],
      ['-show-config', () => area.config, 'sexpr'],
    ] as const) {
      if (!args.has(option)) {
        continue;
      }
      this.#done();
      const [section, key] = [args.value('-section'), args.value('-var')];
      if (section !== undefined && key !== undefined) {
        const value =
          option === '-show-runconfig' ? getVariable(config(), section, key) : config().get(section, key);
        this.#messages.print(value === undefined ? '' : `${value}\n`);
      } else {
        const mode = args.value('-dumpmode') ?? fallback;
        const shown = section === undefined ? config() : onlySection(config(), section);
        this.#messages.print(printConfig(shown, mode, this.#messages.isShown(9)));
      }
    }
  }

  #listTargets(): void {
    const pattern = givenTarget(this.#args);
    const targets = listTargets(this.#session.area).filter(
      (name) => pattern === undefined || pattern.split(',').some((member) => matchesText(member, name)),
    );
    switch (this.#args.value('-dumpmode') ?? 'alist') {
      case 'alist':
        this.#messages.print(targets.map((name) => `${name}\n`).join(''));
        break;
      case 'json':
        this.#messages.print(`${JSON.stringify(targets)}\n`);
        break;
      default:
        this.#messages.error(
          `dump output format ${this.#args.value('-dumpmode')} not supported for -list-targets`,
        );
        this.#done(1);
    }
    this.#messages.say(1, `Found ${targets.length} targets`);
  }

  async #changeRuns(): Promise<void> {
    const args = this.#args;
    if (args.has('-remove-runs')) {
      this.#done();
      const {tests, runs} = await removeRuns(this.#session, this.#selection(true));
      this.#messages.info(1, `removed ${tests} tests and ${runs} runs`);
    }
    const states = args.value('-set-state-status');
    if (states !== undefined) {
      const selection = this.#selection(true);
      const [state = '', status = ''] = states.split(',');
      if (state === '' || status === '') {
        throw new UserError(
          'ERROR: the parameter to -set-state-status is a comma delimited string. E.g. COMPLETED,FAIL',
          {exitCode: 1},
        );
      }
      this.#done();
      await changeStates(this.#session, selection, state, status);
    }
    if (args.has('-set-run-status', '-get-run-status')) {
      await this.#runStatus();
    }
  }

  async #runStatus(): Promise<void> {
    const {target, runPatt} = this.#selection(false);
    const results = await this.#session.results('exact');
    const [run] = await results.runs({runPatt, target});
    if (run === undefined) {
      this.#messages.info(0, 'No matching run found.');
      this.#done(1);
      return;
    }
    const status = this.#args.value('-set-run-status');
    if (status !== undefined) {
      const comment = this.#args.value('-m');
      await this.#session.daemon.call('runs.setStatus', {runId: run.id, status, comment});
      this.#done();
      return;
    }
    this.#messages.print(`${run.status}\n`);
    this.#done();
  }

  async #list(): Promise<void> {
    const args = this.#args;
    const runPatt = args.value('-list-runs');
    if (runPatt !== undefined) {
      this.#done();
      await listRuns(
        await this.#session.results('barrier'),
        {
          runPatt,
          target: this.#queryTarget(),
          testPatt: testPattern(args),
          states: args.list('-state', ':state'),
          statuses: args.list('-status', ':status'),
          sinceS: since(args.value('-since')),
          fields: args.value('-fields'),
          sort: args.value('-sort'),
          format: args.value('-dumpmode'),
        },
        (text) => this.#messages.print(text),
      );
    }
    if (args.has('-list-db-targets')) {
      this.#done();
      const results = await this.#session.results('barrier');
      const runs = await results.runs({runPatt: '%', target: this.#queryTarget()});
      const targets = [...new Set(runs.map((run) => run.target.join('/')))];
      this.#messages.print(
        args.value('-dumpmode') === 'json'
          ? `${JSON.stringify({targets})}\n`
          : targets.map((target) => `${target}\n`).join(''),
      );
    }
  }

  async #runTests(): Promise<void> {
    const args = this.#args;
    if (!args.has('-run', '-runall', '-runtests', '-rerun-clean', '-rerun-all')) {
      return;
    }
    const action = args.has('-rerun-all') ? 'rerun-all' : args.has('-rerun-clean') ? 'rerun-clean' : 'run';
    const {target, runPatt: runName} = this.#selection(false);
    const patterns = testPattern(args);
    const request: RunRequest = {
      action,
      target,
      runName,
      options: {
        testPatt: patterns,
        modePatt: args.value('--modepatt'),
        tagExpr: args.value('-tagexpr'),
        requireTarget: args.has('-reqtarg') || undefined,
        rerun: args.list('-rerun') === undefined ? undefined : [...(args.list('-rerun') ?? [])],
        force: args.has('-force') || undefined,
        preclean: args.has('-preclean') || undefined,
        runWait: args.has('-run-wait') || undefined,
        setVars: args.value('-setvars'),
        contour: args.value('-contour'),
        verbosity: process.env.MT_DEBUG_MODE,
      },
      argv: process.argv.slice(2),
    };
    this.#done(await runLegacy(this.#session, request));
  }

  /** Work directories of tests, or files in them, youngest first (cli.md 13). */
  async #testFiles(): Promise<void> {
    const args = this.#args;
    const isInTest = (process.env.MT_CMDINFO ?? '') !== '';
    const target = isInTest ? args.value('-target', '-reqtarg') : this.#selection(false).target;
    if (target === undefined) {
      throw new UserError('ERROR: -target is required.', {exitCode: 1});
    }
    const paths = await testDirectories(await this.#session.results('barrier'), {
      target,
      runPatt: args.value('-runname', ':runname') ?? '%',
      testPatt: testPattern(args),
      state: args.value('-state', ':state'),
      status: args.value('-status', ':status'),
    });
    const glob = args.value('-test-files');
    const shown = glob === undefined ? paths : filesIn(paths, glob);
    const existing = isInTest ? shown.filter((path) => existsSync(path)) : shown;
    this.#messages.print(existing.map((path) => `${path}\n`).join(''));
  }

  /** What commands on runs need: target, run name, and with `needsTests` a test pattern. */
  #selection(needsTests: boolean): Selection {
    const args = this.#args;
    let target: string;
    try {
      target = requireTarget(this.#session.area);
    } catch (error) {
      if (error instanceof UserError && !error.message.startsWith('Missing')) {
        this.#messages.say(0, `ERROR: ${printUserError(error).trimEnd()}`);
        throw missing('target');
      }
      throw error;
    }
    const runPatt = args.value('-runname', ':runname');
    if (runPatt === undefined) {
      throw missing('runname');
    }
    const testPatt = testPattern(args);
    if (needsTests && testPatt === undefined) {
      throw missing('testpatt');
    }
    return {
      target,
      runPatt,
      testPatt: testPatt ?? '%',
      states: args.list('-state', ':state'),
      statuses: args.list('-status', ':status'),
    };
  }

  /** A wrong target of the command line ends a query; one of the environment is ignored with a message. */
  #queryTarget(): string | undefined {
    const target = givenTarget(this.#args);
    if (target === undefined) {
      return undefined;
    }
    try {
      parseTarget(target, this.#session.keys, 2);
      return target;
    } catch (error) {
      if (this.#args.has('-target', '-reqtarg') || !(error instanceof UserError)) {
        throw error;
      }
      this.#messages.error(error.message);
      return undefined;
    }
  }
}

function missing(what: 'target' | 'runname' | 'testpatt'): UserError {
  return new UserError(`ERROR: Missing required parameter, you must specify the ${what} with -${what}`, {
    exitCode: 3,
  });
}

function testPattern(args: LegacyArguments): string | undefined {
  const pattern = args.value('-testpatt', '-runtests');
  const items = args.value('-itempatt');
  return items === undefined ? pattern : `${pattern ?? '%'}/${items}`;
}

function since(text: string | undefined): number | undefined {
  if (text === undefined) {
    return undefined;
  }
  if (!/^\d+$/.test(text.trim())) {
    throw new UserError(`-since ${text}: not a number of seconds`, {exitCode: 2});
  }
  return Number(text);
}

/** `%` stands for any text; both ends are anchored. */
function matchesText(pattern: string, text: string): boolean {
  return new TestPattern(pattern.trim().replaceAll('/', '\u0001')).matchesName(
    text.replaceAll('/', '\u0001'),
  );
}
