/** Which launchers an area uses, what each needs on the host that launches, and which hosts it leads to (spec execution.md 6, 7). */
import type {Env} from '@megatest/config';
import {UserError} from '@megatest/model';
import {type Finding, fine, problem, warning} from '@megatest/rpc';
import {batchNamed, shellWord} from '../launch/batch-system.ts';
import type {AreaNeeds} from '../plan/area-needs.ts';
import {findProgram} from './find-program.ts';

export type UsedLauncher = {
  /** Where it stands: `[jobtools] launcher`, or its line of `[host-types]`. */
  readonly setting: string;
  readonly check: string;
  readonly command: string;
};

/** What a batch system is asked by. */
const submitCommands: Readonly<Record<string, string>> = {
  slurm: 'sbatch',
  gridengine: 'qsub',
  lsf: 'bsub',
  pbs: 'qsub',
  ssh: 'ssh',
};

/** Launchers that a test may get. */
export function usedLaunchers({
  isFlexible,
  patterns,
  hostTypes,
  command,
}: AreaNeeds['launcher']): readonly UsedLauncher[] {
  const known = new Map(hostTypes);
  const names = isFlexible ? new Set(patterns.map(([, name]) => name.trim())) : [];
  const byType = [...names].flatMap((name) => {
    const typed = known.get(name)?.trim();
    return typed === undefined
      ? []
      : [{setting: `[host-types] ${name}`, check: `launcher ${name}`, command: typed}];
  });
  const ofAll = command === null ? [] : [{setting: '[jobtools] launcher', check: 'launcher', command}];
  return [...byType, ...ofAll];
}

export async function examineLaunchers(needs: AreaNeeds, env: Readonly<Env>): Promise<readonly Finding[]> {
  const {launcher} = needs;
  const used = usedLaunchers(launcher);
  const none = fine('launcher', 'none: tests run on the host they are submitted from');
  const found = await Promise.all(used.map(async (one) => await examineLauncher(one, env)));
  return [...unknownTypes(launcher), ...(launcher.command === null && used.length === 0 ? [none] : found)];
}

/** What ssh is given to get to the hosts of a launcher: words for a shell, one text for each host. */
export function sshWordsOf(command: string): readonly string[] {
  const words = command.trim().split(/\s+/);
  const [first = '', ...rest] = words;
  if (first === 'ssh') {
    return rest.length === 0 ? [] : [rest.join(' ')];
  }
  if (first === 'remrun') {
    return rest.slice(0, 1);
  }
  if (first === '#MTLOWESTLOAD') {
    return rest.map(shellWord);
  }
  const program = words.findIndex((word) => !isAssignment(word));
  return words[program] !== 'nbfake'
    ? []
    : words.slice(0, program).flatMap((word) => /^(?:NBFAKE_HOST|TARGETHOST)=(.+)$/.exec(word)?.[1] ?? []);
}

function unknownTypes({isFlexible, patterns, hostTypes}: AreaNeeds['launcher']): readonly Finding[] {
  const known = new Set(hostTypes.map(([name]) => name));
  return patterns
    .filter(([, name]) => isFlexible && !known.has(name.trim()))
    .map(([pattern, name]) =>
      warning(
        'launcher',
        `[launchers] ${pattern} names the host type ${name.trim()}, which is not there`,
        'add it to [host-types], or correct the line; such tests take the next line that matches',
      ),
    );
}

async function examineLauncher(launcher: UsedLauncher, env: Readonly<Env>): Promise<Finding> {
  const {setting, check, command} = launcher;
  const see = `see ${setting}`;
  try {
    const program = await programOf(command);
    if (program === undefined) {
      return fine(check, command);
    }
    if (!/^[\w./+-]+$/.test(program)) {
      return fine(check, `${command} is for a shell, and is not looked at`);
    }
    return findProgram(program, env) === undefined && !shellWords.has(program)
      ? problem(check, `${program} is not found`, see)
      : fine(check, command);
  } catch (error) {
    if (error instanceof UserError) {
      return problem(check, error.message, error.hint === undefined ? see : `${see}; ${error.hint}`);
    }
    throw error;
  }
}

/** What a launcher may begin with that no file stands for. */
const shellWords = new Set([
  'exec',
  'command',
  'eval',
  'cd',
  '.',
  'export',
  'ulimit',
  'umask',
  'if',
  'for',
  'case',
]);

/** The program that a launcher starts here; `undefined` for a module, which has been loaded. */
async function programOf(command: string): Promise<string | undefined> {
  const words = command.split(/\s+/);
  const [first = ''] = words;
  if (first === '#MTLOWESTLOAD') {
    return 'remrun';
  }
  const batch = await batchNamed(first);
  return batch === undefined ? words.find((word) => !isAssignment(word)) : submitCommands[batch.system.name];
}

function isAssignment(word: string): boolean {
  return /^[A-Za-z_]\w*=/.test(word);
}
