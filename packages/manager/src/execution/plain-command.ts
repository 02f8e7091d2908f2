/**
 * Commands of which bash only has to run one program: nothing in them can change the shell itself, so the shell that runs them can go
 * on with its own work afterwards. It need not be bash either: dash starts in half the time, and where it does exactly the same (it
 * finds the program, and the kernel can run it) nobody can tell.
 */
import {accessSync, closeSync, constants, openSync, readSync, statSync} from 'node:fs';
import {resolve} from 'node:path';

type Env = Readonly<Record<string, string>>;

/** Words without any character that the shell takes for more than itself, and at most the redirection that a step gets. */
const plainWords = /^[\w./:@%+,-]+(?: +[\w./:=@%+,-]+)*(?: > [\w./:@%+,-]+ 2>&1)?$/;

/** Builtins and reserved words of bash; `true`, `false`, `echo`, `test`, `pwd` and `:` leave the shell as it is. */
const changesShell = new Set(
  (
    'alias bg bind break builtin caller case cd command compgen complete compopt continue coproc declare dirs disown do done elif ' +
    'else enable esac eval exec exit export fc fg fi for function getopts hash help history if in jobs kill let local logout ' +
    'mapfile popd printf pushd read readarray readonly return select set shift shopt source suspend then time times trap type ' +
    'typeset ulimit umask unalias unset until wait while .'
  ).split(' '),
);

/** What makes bash read commands at its start, or changes what its words mean. */
const changesBash = /^(BASH_ENV|BASH_FUNC_.*|BASHOPTS|SHELLOPTS|POSIXLY_CORRECT)$/;

export function isPlainCommand(command: string, env: Env): boolean {
  return (
    plainWords.test(command) &&
    !changesShell.has(firstWord(command)) &&
    !Object.keys(env).some((name) => changesBash.test(name))
  );
}

/** Builtins of both that do the same. */
const sameBuiltins = new Set(['true', 'false', ':']);
/** Builtins that do not, and one that only dash has. */
const otherBuiltins = new Set(['echo', 'test', 'pwd', 'chdir']);

const identifier = /^[A-Za-z_]\w*$/;
/** Beyond that bash warns and starts anew. */
const shellLevel = /^\d{1,2}$/;

/**
 * The environment with which dash runs a plain command exactly as bash would in the directory `cwd`; `undefined` where it would not:
 * bash has words of its own for a program that is not there or not for this machine, runs a script without `#!` itself, and passes on
 * variables with names that are none to a shell.
 */
export function environmentForDash(command: string, env: Env, cwd: string): Env | undefined {
  const word = firstWord(command);
  if (sameBuiltins.has(word)) {
    return env;
  }
  const {PATH = '', SHLVL = '0'} = env;
  const program = otherBuiltins.has(word) ? undefined : programOf(word, PATH, cwd);
  if (
    program === undefined ||
    !shellLevel.test(SHLVL) ||
    Object.keys(env).some((name) => !identifier.test(name))
  ) {
    return undefined;
  }
  return {...env, SHLVL: String(Number(SHLVL) + 1), _: program};
}

function firstWord(command: string): string {
  return command.split(' ', 1)[0] ?? '';
}

/** As a shell names it: the first that may be executed, if the kernel can run it. */
function programOf(word: string, path: string, cwd: string): string | undefined {
  const candidates = word.includes('/')
    ? [word]
    : path.split(':').map((folder) => `${folder || '.'}/${word}`);
  const program = candidates.find((candidate) => isExecutable(resolve(cwd, candidate)));
  return program !== undefined && isForKernel(resolve(cwd, program)) ? program : undefined;
}

function isExecutable(file: string): boolean {
  try {
    // Most are missing, and an error costs several looks.
    if (!statSync(file, {throwIfNoEntry: false})?.isFile()) {
      return false;
    }
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Of a file, what tells how the kernel runs it. */
const headBytes = 256;
const elf = '\x7fELF';

let ownKind: string | undefined;

/** A program of this machine's kind, or a script whose interpreter is there. */
function isForKernel(file: string): boolean {
  const head = headOf(file);
  if (head?.startsWith(elf)) {
    ownKind ??= elfKind(headOf(process.execPath) ?? '');
    return elfKind(head) === ownKind;
  }
  const interpreter = /^#![ \t]*(\/[^\s\0]+)/.exec(head ?? '')?.[1];
  return interpreter !== undefined && isExecutable(interpreter);
}

/** Word size, byte order and processor. */
function elfKind(head: string): string {
  return head.slice(4, 6) + head.slice(18, 20);
}

function headOf(file: string): string | undefined {
  try {
    const fd = openSync(file, 'r');
    try {
      const start = Buffer.alloc(headBytes);
      const count = readSync(fd, start);
      return start.toString('latin1', 0, count);
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}
