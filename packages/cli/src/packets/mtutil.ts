/** The `mtutil` command, and what of `megatest pkt` is the same (spec mtutil.md 2). */
import {userInfo} from 'node:os';
import {basename, resolve} from 'node:path';
import {nearNames, packetUuid, printUserError, UserError} from '@megatest/model';
import {PROGRAM_VERSION} from '@megatest/rpc';
import {LegacyArguments} from '../legacy/arguments.ts';
import {Messages, parseVerbosity} from '../messages.ts';
import {EXIT} from '../modern/command.ts';
import {type Control, readControl} from './control.ts';
import {dispatchPackets} from './dispatch-packets.ts';
import {importPackets, printCounts} from './import-packets.ts';
import {cardsOf} from './make-packet.ts';
import {mtutilHelp} from './mtutil-help.ts';
import {writePacket} from './packet-file.ts';
import {
  LOCAL_OPTIONS,
  PACKET_ACTIONS,
  PACKET_OPTIONS,
  type PacketAction,
  spellings,
} from './packet-options.ts';
import {packetPlaces} from './packet-places.ts';

const helpWords = ['help', '-h', '-help', '--help'];
/** Sections that can be shown by their name alone. */
const shownSections = ['areas', 'contours', 'setup'];
const otherActions = ['import', 'dispatch', 'show', 'list', ...shownSections];
const notYet = ['rungen', 'process', 'db', 'gendot'];
export const MTUTIL_ACTIONS: readonly string[] = [...PACKET_ACTIONS, ...otherActions];

const options = {
  program: 'mtutil',
  values: new Set<string>([
    ...PACKET_OPTIONS.filter(({value}) => value !== undefined).flatMap(spellings),
    ...LOCAL_OPTIONS.values,
  ]),
  switches: new Set<string>([
    ...PACKET_OPTIONS.filter(({value}) => value === undefined).flatMap(spellings),
    ...LOCAL_OPTIONS.switches,
  ]),
};

/** Resolves with the exit code; what a user can cause is printed as a message of this command. */
export async function mtutilMain(words: readonly string[]): Promise<number> {
  const [action = 'help', ...rest] = words;
  const args = mtutilArguments(rest);
  const messages = new Messages(parseVerbosity(args.value('-debug') ?? '1'));
  try {
    return await perform(action, args, messages);
  } catch (error) {
    if (error instanceof UserError) {
      messages.error(printUserError(error).trimEnd());
      return error.exitCode;
    }
    throw error;
  }
}

export function mtutilArguments(words: readonly string[]): LegacyArguments {
  return new LegacyArguments(words, options);
}

async function perform(action: string, args: LegacyArguments, messages: Messages): Promise<number> {
  if (helpWords.includes(action) || args.has('-h', '-help', '--help')) {
    messages.print(mtutilHelp());
    return EXIT.ok;
  }
  if (action === '-version' || args.has('-version')) {
    messages.print(`${PROGRAM_VERSION}\n`);
    return EXIT.ok;
  }
  const log = args.value('-log');
  if (log !== undefined) {
    messages.logTo(log, process.cwd());
  }
  if (notYet.includes(action)) {
    throw new UserError(`mtutil ${action} is not supported by this version`);
  }
  if (isPacketAction(action)) {
    reportUnrecognised(args, messages);
    return await send(action, args, messages);
  }
  switch (action) {
    case 'import':
      reportUnrecognised(args, messages);
      return take(args, messages);
    case 'dispatch':
      reportUnrecognised(args, messages);
      return await dispatch(controlOf(args, messages), messages);
    case 'show':
    case 'list':
      return show(args.remainder, args, messages);
    default:
      if (shownSections.includes(action)) {
        return show([action], args, messages);
      }
      throw unknownAction(action);
  }
}

async function send(action: PacketAction, args: LegacyArguments, messages: Messages): Promise<number> {
  const timeS = Math.floor(Date.now() / 1000);
  const cards = cardsOf(action, args, {user: userInfo().username, timeS, cwd: process.cwd()});
  const control = controlOf(args, messages);
  const {config, directory: controlDirectory} = control;
  const [first = ''] = packetPlaces(config, controlDirectory).directories;
  const path = writePacket(cards, first);
  messages.print(`${path}\n`);
  if (!args.has('-immediate')) {
    return EXIT.ok;
  }
  importPackets({config, controlDirectory, directory: first});
  return await dispatch(control, messages, packetUuid(basename(path)));
}

/** What cannot be begun is said; it is a failure when nothing could be. */
async function dispatch(control: Control, messages: Messages, only?: string): Promise<number> {
  const {begun, failed} = await dispatchPackets(
    {
      control,
      print: (line) => messages.print(`${line}\n`),
      say: (text) => messages.say(0, text),
    },
    only,
  );
  return begun === 0 && failed > 0 ? EXIT.failure : EXIT.ok;
}

function take(args: LegacyArguments, messages: Messages): number {
  const {config, directory} = controlOf(args, messages);
  const counts = importPackets({
    config,
    controlDirectory: directory,
    onImported: ({uuid, type}) => messages.info(4, `imported ${uuid} (${type})`),
  });
  for (const problem of counts.problems) {
    messages.say(0, `WARNING: ${problem}`);
  }
  messages.print(`${printCounts(counts)}\n`);
  return EXIT.ok;
}

function show(operands: readonly string[], args: LegacyArguments, messages: Messages): number {
  const [name] = operands;
  if (name === undefined) {
    throw new UserError('which section? mtutil show SECTION', {exitCode: EXIT.usage});
  }
  const {config} = controlOf(args, messages);
  if (config.section(name) === undefined) {
    messages.print(`No section "${name}" found\n`);
    return EXIT.failure;
  }
  for (const {key, value} of config.entries(name)) {
    messages.print(value === '' ? `${key}\n` : `${key}   ${value}\n`);
  }
  return EXIT.ok;
}

function controlOf(args: LegacyArguments, messages: Messages): Control {
  const directory = resolve(args.value('-start-dir') ?? '.');
  return readControl(directory, args.value('-config') ?? 'megatest.config', (level, text) =>
    messages.say(level, text),
  );
}

function reportUnrecognised({unrecognised}: LegacyArguments, messages: Messages): void {
  if (unrecognised !== undefined) {
    messages.error(`Unrecognised arguments: ${unrecognised}`);
  }
}

function isPacketAction(action: string): action is PacketAction {
  return (PACKET_ACTIONS as readonly string[]).includes(action);
}

function unknownAction(action: string): UserError {
  const near = nearNames(action, MTUTIL_ACTIONS);
  return new UserError(`mtutil has no action "${action}"`, {
    hint: near.length > 0 ? `did you mean ${near.join(' or ')}?` : 'see "mtutil help"',
    exitCode: EXIT.usage,
  });
}
