/** Commands about the daemon, the drivers and the managers, and a direct way to every remote method. */
import {formatDuration, UserError} from '@megatest/model';
import {makeManagerClient, managerSocket, mayBeAlive, readServerRecord, somebodyListens} from '@megatest/rpc';
import type {Argv} from 'yargs';
import {listServers, ping, printServers, stopServer} from '../actions/servers.ts';
import {loadPart} from '../programs.ts';
import {table} from '../view/style.ts';
import {callMethod, followMethod} from './call-method.ts';
import {type CommandContext, type CommandFile, EXIT, inArea, type SelectorArguments} from './command.ts';

const managerStopLimitS = 10;

export const serverCommands: CommandFile = (outcome) => [
  {
    command: 'server <what> [address]',
    describe: 'server start, stop, status, list, ping HOST:PORT, link for a browser, or token for curl',
    builder: (yargs: Argv) =>
      yargs
        .positional('what', {
          choices: ['start', 'stop', 'status', 'list', 'ping', 'link', 'token'] as const,
          demandOption: true,
        })
        .positional('address', {type: 'string', describe: 'for ping: host:port'})
        .option('foreground', {type: 'boolean', describe: 'for start: stay in this process'})
        .option('path', {type: 'string', describe: 'for link: where the browser goes then, such as /runs'}),
    handler: async (args: unknown) =>
      await inArea(
        args as SelectorArguments,
        outcome,
        async (context) => await server(context, args as ServerArguments),
      ),
  },
  {
    command: 'runners <what> [id]',
    describe: 'runners list, or runners stop ID: what is being driven',
    builder: (yargs: Argv) =>
      yargs
        .positional('what', {choices: ['list', 'stop'] as const, demandOption: true})
        .positional('id', {type: 'number'}),
    handler: async (args: unknown) =>
      await inArea(
        args as SelectorArguments,
        outcome,
        async (context) =>
          await runners(context, args as {readonly what: 'list' | 'stop'; readonly id?: number}),
      ),
  },
  {
    command: 'managers <what>',
    describe: 'managers list: which hosts run tests for this area; managers stop: the one of this host',
    builder: (yargs: Argv) =>
      yargs.positional('what', {choices: ['list', 'stop'] as const, demandOption: true}),
    handler: async (args: unknown) =>
      await inArea(
        args as SelectorArguments,
        outcome,
        async (context) => await managers(context, args as {readonly what: 'list' | 'stop'}),
      ),
  },
  {
    command: 'rpc <method> [parameters]',
    describe: 'call a method of the daemon, and print its answer as JSON',
    builder: (yargs: Argv) =>
      yargs
        .positional('method', {type: 'string', demandOption: true})
        .positional('parameters', {type: 'string', default: '{}', describe: 'a JSON object'})
        .option('follow', {
          type: 'boolean',
          describe: 'stay, and print what the daemon tells, a JSON text a line',
        })
        .example('$0 rpc server.status', 'what the daemon is doing')
        .example(`$0 rpc runs.list '{"runPatt": "%"}'`, 'every run, with its counts')
        .example(`$0 rpc subscribe '{"topics": ["changes"]}' --follow`, 'every change, as it comes'),
    handler: async (args: unknown) =>
      await inArea(args as SelectorArguments, outcome, async (context) => {
        const {method, parameters, follow} = args as {
          readonly method: string;
          readonly parameters: string;
          readonly follow?: boolean;
        };
        return await (follow === true ? followMethod : callMethod)(context, method, parameters);
      }),
  },
];

type ServerArguments = SelectorArguments & {
  readonly what: 'start' | 'stop' | 'status' | 'list' | 'ping' | 'link' | 'token';
  readonly address?: string | undefined;
  readonly foreground?: boolean | undefined;
  readonly path?: string | undefined;
};

async function server(context: CommandContext, args: ServerArguments): Promise<number> {
  const {session} = context;
  switch (args.what) {
    case 'start': {
      if (args.foreground === true) {
        return await loadPart('start-server').startServer(session);
      }
      const {pid, host} = await session.daemon.call('server.status', {});
      context.print(`the daemon of ${session.area.name} runs on ${host}, pid ${pid}\n`);
      return EXIT.ok;
    }
    case 'stop': {
      const isGone = await stopServer(session, 'megatest server stop');
      if (!isGone) {
        throw new UserError('the daemon did not end in time', {hint: 'see its log in logs/'});
      }
      return EXIT.ok;
    }
    case 'status':
      return await serverStatus(context);
    case 'list': {
      const entries = listServers(session.area.path);
      if (context.isJson) {
        context.json(entries);
      } else {
        context.print(printServers(entries));
      }
      return EXIT.ok;
    }
    case 'ping': {
      const record = readServerRecord(session.area.path);
      const address = args.address ?? (record === undefined ? undefined : `${record.ip}:${record.port}`);
      return address !== undefined && (await ping(address)) ? EXIT.ok : EXIT.failure;
    }
    case 'link':
      return await loginLink(context, args.path);
    case 'token':
      return await sessionToken(context);
  }
}

/** The token alone on standard output, for a header. */
async function sessionToken(context: CommandContext): Promise<number> {
  const {session, messages} = context;
  const made = await session.daemon.call('server.sessionToken', {});
  if (context.isJson) {
    context.json(made);
  } else {
    context.print(`${made.token}\n`);
  }
  messages.info(1, `good for ${formatDuration(made.validS)}, as long as this daemon runs`);
  return EXIT.ok;
}

/** The URL alone on standard output, for whatever opens it. */
async function loginLink(context: CommandContext, path: string | undefined): Promise<number> {
  const {session, messages} = context;
  const link = await session.daemon.call('server.loginLink', path === undefined ? {} : {path});
  if (context.isJson) {
    context.json(link);
  } else {
    context.print(`${link.url}\n`);
  }
  messages.info(1, `good for one login as ${link.role}, within ${formatDuration(link.validS)}`);
  const fingerprint = readServerRecord(session.area.path)?.tls?.fingerprint;
  if (fingerprint !== undefined) {
    messages.info(1, `the browser asks once about the certificate, whose SHA-256 is ${fingerprint}`);
  }
  return EXIT.ok;
}

async function serverStatus(context: CommandContext): Promise<number> {
  const {session} = context;
  const {path} = session.area;
  const record = readServerRecord(path);
  if (record === undefined || !mayBeAlive(path, record)) {
    if (context.isJson) {
      context.json(null);
    } else {
      context.print('the daemon is not running\n');
    }
    return EXIT.noDaemon;
  }
  const status = await session.daemon.call('server.status', {});
  if (context.isJson) {
    context.json(status);
    return EXIT.ok;
  }
  const {host, port, pid, version, uptimeS, memoryBytes, sync, clients, drivers, jobs} = status;
  context.print(
    [
      `${status.areaName} (${status.area})`,
      `  version   ${version}`,
      `  host      ${host}, port ${port}, pid ${pid}`,
      `  up        ${formatDuration(uptimeS)}, ${Math.round(memoryBytes / 1024 / 1024)} MiB`,
      `  sync      ${sync.dirty ? `${sync.lagS} s behind` : 'up to date'}, flush ${sync.seq}`,
      `  writes    ${status.writes}, ${status.writesPerS.toFixed(1)} a second`,
      `  queue     ${status.unanswered} requests wait`,
      `  jobs      ${jobs.queued + jobs.waiting} wait, ${jobs.claimed + jobs.running} at work`,
      `  clients   ${clients.length}`,
      ...status.managers.map(
        (manager) =>
          `  manager   ${manager.user}@${manager.host}, pid ${manager.pid}, ${manager.tests} tests`,
      ),
      ...drivers.map(
        (driver) =>
          `  driving   ${driver.target} ${driver.runName}${driver.waitsFor === null ? '' : `, waits for ${driver.waitsFor}`}`,
      ),
      '',
    ].join('\n'),
  );
  return EXIT.ok;
}

async function runners(
  context: CommandContext,
  args: {readonly what: 'list' | 'stop'; readonly id?: number},
): Promise<number> {
  const {daemon} = context.session;
  if (args.what === 'stop') {
    if (args.id === undefined) {
      throw new UserError('runners stop needs the id of a runner; see "megatest runners list"', {
        exitCode: EXIT.usage,
      });
    }
    const {stopped} = await daemon.call('runners.stop', {driverId: args.id});
    return stopped > 0 ? EXIT.ok : EXIT.nothingMatched;
  }
  const rows = await daemon.call('runners.list', {});
  if (context.isJson) {
    context.json(rows);
    return EXIT.ok;
  }
  context.print(
    table(
      ['ID', 'ACTION', 'STATE', 'TARGET', 'RUN', 'TESTS', 'OWNER', 'HOST'],
      rows.map((row) => [
        String(row.id),
        row.action,
        row.state,
        row.target,
        row.runName,
        row.testPatt,
        row.owner,
        row.host,
      ]),
    ),
  );
  return EXIT.ok;
}

async function managers(context: CommandContext, args: {readonly what: 'list' | 'stop'}): Promise<number> {
  if (args.what === 'stop') {
    await stopManager(context);
    return EXIT.ok;
  }
  const {managers: rows} = await context.session.daemon.call('server.status', {});
  if (context.isJson) {
    context.json(rows);
    return EXIT.ok;
  }
  context.print(
    table(
      ['HOST', 'USER', 'PID', 'TESTS'],
      rows.map((row) => [row.host, row.user, String(row.pid), String(row.tests)]),
    ),
  );
  return EXIT.ok;
}

/** A manager that leaves does not wait for its answer to arrive, so what counts is that it gives its socket back. */
async function stopManager(context: CommandContext): Promise<void> {
  const {path, name} = context.session.area;
  const socket = managerSocket(path, process.getuid?.() ?? 0);
  if (!(await somebodyListens(socket))) {
    return;
  }
  const manager = makeManagerClient({
    area: {path, name},
    giveUpS: managerStopLimitS,
    replacesOlder: true,
  });
  try {
    const asked = manager.call('manager.stop', {reason: 'megatest managers stop'});
    asked.catch(() => {});
    for (let left = managerStopLimitS * 20; left > 0 && (await somebodyListens(socket)); left -= 1) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  } finally {
    manager.close();
  }
  if (await somebodyListens(socket)) {
    throw new UserError('the manager did not end in time', {hint: 'its messages are in manager.log'});
  }
}
