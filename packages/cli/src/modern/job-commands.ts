/** `megatest jobs`: what is to be done without anybody waiting for it (spec cli.md 22, mtutil.md 15). */
import {randomUUID} from 'node:crypto';
import {
  formatDuration,
  isEndedJob,
  JOB_ACTION_NAMES,
  JOB_ACTIONS,
  type JobAction,
  nearNames,
  parseDuration,
  UserError,
} from '@megatest/model';
import {type Job, type JobParams, refuseReadOnly} from '@megatest/rpc';
import type {Argv} from 'yargs';
import {table} from '../view/style.ts';
import {
  type CommandContext,
  type CommandFile,
  EXIT,
  inArea,
  list,
  type SelectorArguments,
  withTestSelectors,
} from './command.ts';
import {type LaunchArguments, withLaunchOptions} from './launch-options.ts';

const whats = ['list', 'add', 'show', 'cancel', 'retry', 'priority', 'logs'] as const;

type JobsArguments = SelectorArguments &
  LaunchArguments & {
    readonly what: (typeof whats)[number];
    readonly words?: readonly (string | number)[] | undefined;
    readonly owner?: string | undefined;
    readonly limit?: number | undefined;
    readonly follow?: boolean | undefined;
    readonly priority?: number | undefined;
    readonly at?: string | undefined;
    readonly new?: string | undefined;
    readonly message?: string | undefined;
    readonly archive?: JobParams['archive'];
    readonly command?: string | undefined;
    readonly syncTo?: string | undefined;
    readonly deadtime?: number | undefined;
    readonly fromStep?: string | undefined;
    readonly only?: boolean | undefined;
    readonly wait?: boolean | undefined;
  };

/** How often a log is looked at that is followed. */
const followMs = 300;

export const jobCommands: CommandFile = (outcome) => [
  {
    command: 'jobs <what> [words..]',
    describe:
      'jobs list, add ACTION, show ID, cancel ID, retry ID, priority ID N, logs ID: what is done in the background',
    builder: (yargs: Argv) =>
      withAddOptions(withTestSelectors(yargs))
        .positional('what', {choices: whats, demandOption: true})
        .positional('words', {array: true, describe: 'an action, or ids'})
        .option('owner', {type: 'string', describe: 'list: only those of this user'})
        .option('limit', {type: 'number', describe: 'list: at most so many, the newest'})
        .option('follow', {alias: 'f', type: 'boolean', describe: 'logs: stay until the job has ended'})
        .example('$0 jobs add run -t linux/v1 -n nightly', 'run tests, now')
        .example('$0 jobs add run -t linux/v1 -n nightly --at +2h', 'run them later')
        .example('$0 jobs add command --command "make -C src"', 'run a command in the area')
        .example('$0 jobs list --state queued,waiting,claimed,running', 'what has not ended')
        .example('$0 jobs logs -f 12', 'watch one'),
    handler: async (args: unknown) =>
      await inArea(
        args as JobsArguments,
        outcome,
        async (context) => await jobs(context, args as JobsArguments),
      ),
  },
];

function withAddOptions<T>(yargs: Argv<T>) {
  return withLaunchOptions(yargs)
    .option('priority', {type: 'number', describe: 'add: larger ones are begun first (default: 0)'})
    .option('at', {type: 'string', describe: 'add: not before +30m, or 2030-01-31T22:00'})
    .option('new', {type: 'string', describe: 'add set-ss: STATE/STATUS; add set-run-status: STATUS'})
    .option('message', {alias: 'm', type: 'string', describe: 'add set-ss, set-run-status: comment'})
    .option('archive', {
      choices: ['save', 'save-remove', 'keep-html', 'restore'] as const,
      describe: 'add archive: what to do (default: save-remove)',
    })
    .option('command', {type: 'string', describe: 'add command: text for /bin/sh'})
    .option('sync-to', {type: 'string', describe: 'add sync: name of the database'})
    .option('deadtime', {type: 'number', describe: 'add mark-incomplete: seconds of silence'})
    .option('from-step', {type: 'string', describe: 'add rerun-step: the step to begin with'})
    .option('only', {type: 'boolean', describe: 'add rerun-step: that step alone'})
    .option('wait', {type: 'boolean', describe: 'add run: --no-wait ends the job with the last launch'});
}

async function jobs(context: CommandContext, args: JobsArguments): Promise<number> {
  const {daemon} = context.session;
  switch (args.what) {
    case 'list':
      return await listJobs(context, args);
    case 'add':
      return await add(context, args);
    case 'show':
      return await show(context, await Promise.all(idsIn(args).map(async (id) => await get(context, id))));
    case 'cancel':
      return await change(context, args, async (id) => await daemon.call('jobs.cancel', {id}));
    case 'retry': {
      refuseReadOnly(context.session.area.path, 'to retry a job');
      await context.session.manager.welcome();
      return await change(context, args, async (id) => await daemon.call('jobs.retry', {id}));
    }
    case 'priority': {
      const [id, priority] = args.words?.map(Number) ?? [];
      if (
        id === undefined ||
        !Number.isInteger(id) ||
        !Number.isInteger(priority) ||
        priority === undefined
      ) {
        throw new UserError('which job, and which priority? megatest jobs priority ID N', {
          exitCode: EXIT.usage,
        });
      }
      return report(context, [await daemon.call('jobs.setPriority', {id, priority})]);
    }
    case 'logs':
      return await logs(context, args);
  }
}

async function listJobs(context: CommandContext, args: JobsArguments): Promise<number> {
  const found = await context.session.daemon.call('jobs.list', {
    state: args.state,
    target: args.target,
    runName: args.name,
    owner: args.owner,
    limit: args.limit,
  });
  if (context.isJson) {
    context.json(found);
  } else {
    context.print(printJobs(found));
  }
  return EXIT.ok;
}

function printJobs(found: readonly Job[]): string {
  const nowS = Date.now() / 1000;
  return table(
    ['ID', 'STATE', 'ACTION', 'TARGET/RUN', 'TESTPATT', 'OWNER', 'AGE', 'EXIT', 'MESSAGE'],
    found.map((job) => [
      String(job.id),
      job.state,
      job.action,
      job.runName === '' ? '-' : `${job.target}/${job.runName}`,
      job.testPatt === '' ? '-' : job.testPatt,
      job.owner,
      formatDuration(nowS - job.creationTime),
      job.exitCode === null ? '-' : String(job.exitCode),
      job.message,
    ]),
  );
}

async function add(context: CommandContext, args: JobsArguments): Promise<number> {
  const {session} = context;
  refuseReadOnly(session.area.path, 'a job');
  const [action] = args.words ?? [];
  if (action === undefined || !isAction(String(action))) {
    throw unknownAction(action === undefined ? undefined : String(action));
  }
  if (JOB_ACTIONS[action as JobAction].by !== 'daemon') {
    // Somebody must be there to do it.
    await session.manager.welcome();
  }
  const parent = process.env.MEGATEST_JOB;
  const job = await session.daemon.call('jobs.add', {
    uuid: randomUUID(),
    action: action as JobAction,
    target: args.target ?? process.env.MT_TARGET,
    runName: args.name,
    testPatt: args.tests,
    params: paramsOf(args),
    priority: args.priority,
    notBefore: args.at === undefined ? undefined : timeIn(args.at),
    source: 'cli',
    parentUuid: parent,
  });
  if (context.isJson) {
    context.json(job);
  } else {
    context.print(`${job.id}\n`);
  }
  return EXIT.ok;
}

function isAction(name: string): name is JobAction {
  // A name such as "constructor" is found on every object.
  return Object.hasOwn(JOB_ACTIONS, name);
}

function unknownAction(name: string | undefined): UserError {
  const near = nearNames(name ?? '', JOB_ACTION_NAMES);
  return new UserError(name === undefined ? 'what is to be done?' : `there is no action "${name}"`, {
    hint:
      near.length > 0
        ? `did you mean ${near.join(' or ')}?`
        : `the actions are ${JOB_ACTION_NAMES.join(', ')}`,
    exitCode: EXIT.usage,
  });
}

function paramsOf(args: JobsArguments): JobParams {
  const rerun = list(args.rerun);
  return {
    state: args.state,
    status: args.status,
    new: args.new,
    message: args.message,
    archive: args.archive,
    command: args.command,
    syncTo: args.syncTo,
    deadtimeS: args.deadtime,
    modePatt: args.mode,
    tagExpr: args.tags,
    rerun: rerun === undefined ? undefined : [...rerun],
    force: args.force,
    preclean: args.preclean,
    vars: args.set?.join(','),
    contour: args.contour,
    maxFail: args.maxFail,
    shuffle: args.shuffle,
    fromStep: args.fromStep,
    onlyStep: args.only,
    runWait: args.wait,
  };
}

/** Seconds since 1970 of `+1h` or of a date and time. */
function timeIn(text: string): number {
  const seconds = text.startsWith('+') ? parseDuration(text.slice(1)) : undefined;
  const time = seconds === undefined ? Date.parse(text) / 1000 : Date.now() / 1000 + seconds;
  if (Number.isNaN(time)) {
    throw new UserError(`"${text}" is no time: give +30m, or 2030-01-31T22:00`, {exitCode: EXIT.usage});
  }
  return Math.ceil(time);
}

function idsIn({words, what}: JobsArguments): readonly number[] {
  const ids = (words ?? []).map(Number);
  if (ids.length === 0 || ids.some((id) => !Number.isInteger(id) || id < 0)) {
    throw new UserError(`which jobs? megatest jobs ${what} ID, as "megatest jobs list" shows them`, {
      exitCode: EXIT.usage,
    });
  }
  return ids;
}

async function get(context: CommandContext, id: number): Promise<Job> {
  const job = await context.session.daemon.call('jobs.get', {id});
  if (job === null) {
    throw new UserError(`there is no job ${id}`, {
      hint: 'see "megatest jobs list"',
      exitCode: EXIT.nothingMatched,
    });
  }
  return job;
}

async function change(
  context: CommandContext,
  args: JobsArguments,
  act: (id: number) => Promise<Job>,
): Promise<number> {
  const changed: Job[] = [];
  for (const id of idsIn(args)) {
    changed.push(await act(id));
  }
  return report(context, changed);
}

function report(context: CommandContext, changed: readonly Job[]): number {
  if (context.isJson) {
    context.json(changed);
  } else {
    context.print(
      changed.map(({id, state, priority}) => `job ${id}: ${state}, priority ${priority}\n`).join(''),
    );
  }
  return EXIT.ok;
}

async function show(context: CommandContext, found: readonly Job[]): Promise<number> {
  if (context.isJson) {
    context.json(found);
    return EXIT.ok;
  }
  for (const job of found) {
    const {params, notBefore, creationTime, startTime, endTime, ...plain} = job;
    const times = {notBefore, creationTime, startTime, endTime};
    const lines: readonly (readonly [string, string])[] = [
      ...Object.entries(plain).map(([name, value]) => [name, String(value ?? '')] as const),
      ...Object.entries(params).map(([name, value]) => [`params.${name}`, String(value)] as const),
      ...Object.entries(times).map(
        ([name, value]) => [name, value === 0 ? '' : new Date(value * 1000).toISOString()] as const,
      ),
    ];
    const width = Math.max(...lines.map(([name]) => name.length));
    context.print(
      lines
        .filter(([, value]) => value !== '')
        .map(([name, value]) => `${name.padEnd(width)}  ${value}\n`)
        .join(''),
    );
  }
  return EXIT.ok;
}

async function logs(context: CommandContext, args: JobsArguments): Promise<number> {
  const [id, ...others] = idsIn(args);
  if (id === undefined || others.length > 0) {
    throw new UserError('one log at a time: megatest jobs logs ID', {exitCode: EXIT.usage});
  }
  let job = await get(context, id);
  let text = '';
  for (let offset = 0; ; ) {
    const part = await context.session.daemon.call('jobs.log', {id, offset});
    if (context.isJson) {
      text += part.text;
    } else {
      context.print(part.text);
    }
    const isMore = part.next > offset;
    offset = part.next;
    if (isMore) {
      continue;
    }
    if (args.follow !== true || isEndedJob(job.state)) {
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, followMs));
    // Before the log: what it says after its end is all there is.
    job = await get(context, id);
  }
  if (context.isJson) {
    context.json({id, state: job.state, text});
  }
  return EXIT.ok;
}
