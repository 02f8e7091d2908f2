/**
 * `-load FILE`, `-repl`, and any call with `MT_RUNSCRIPT` set: Scheme of the user's own, within the area (spec scheme.md 5.1).
 *
 * A script reads its data from where its forms stand, too, so standard input is read as late as possible and nothing is taken
 * that is not needed yet.
 */
import {spawnSync} from 'node:child_process';
import {appendFileSync, readFileSync, readSync} from 'node:fs';
import {homedir} from 'node:os';
import {join, resolve} from 'node:path';
import {createInterface, type Interface} from 'node:readline';
import {setImmediate} from 'node:timers/promises';
import {areaScheme} from '@megatest/config';
import {UserError} from '@megatest/model';
import {
  type Interpreter,
  SchemeError,
  SchemeExit,
  type SchemeHost,
  type SchemeLimits,
  schemeText,
  unspecified,
  type Value,
  write,
} from '@megatest/scheme';
import {openSession} from '../legacy/area-actions.ts';
import type {LegacyArguments} from '../legacy/arguments.ts';
import type {Messages} from '../messages.ts';
import {megatestPath} from '../programs.ts';
import type {Session} from '../session.ts';

/** A script may take its time; only a recursion without end is still told from one that works. */
const limits: Partial<SchemeLimits> = {
  maxSteps: Number.POSITIVE_INFINITY,
  maxMs: Number.POSITIVE_INFINITY,
  maxCells: Number.POSITIVE_INFINITY,
};
const prompt = 'megatest> ';
const historyLines = 1000;
const pieceBytes = 64 * 1024;
/** How long to wait for an input that somebody has made non-blocking. */
const retryMs = 10;

export async function runScript(args: LegacyArguments, messages: Messages): Promise<number> {
  using session = openSession(args, messages);
  const interpreter = areaScheme(session.area, hostOf(session), limits);
  defineNames(interpreter, session, args);
  const isLoop = process.env.MT_RUNSCRIPT !== undefined || args.has('-repl');
  try {
    if (!isLoop) {
      loadFile(interpreter, args.value('-load') ?? '');
    } else if (process.stdin.isTTY) {
      await converse(interpreter, messages);
    } else {
      while (evaluateNext(interpreter, messages) !== undefined) {
        // Whatever the value is, nobody asked for it.
      }
    }
    return 0;
  } catch (error) {
    if (error instanceof SchemeExit) {
      return error.code;
    }
    throw error;
  }
}

function defineNames(interpreter: Interpreter, session: Session, args: LegacyArguments): void {
  const {area} = session;
  interpreter.define('remargs', args.remainder);
  interpreter.defineProcedure('rmt:get-keys', () => session.keys);
  const known = new Map<number, Value>();
  interpreter.defineProcedure('rmt:get-key-val-pairs', ([runId]) => {
    if (typeof runId !== 'number') {
      throw new SchemeError('rmt:get-key-val-pairs: expected the id of a run');
    }
    if (!known.has(runId)) {
      for (const run of readRuns(session, args)) {
        const values = run.target.split('/');
        known.set(
          run.id,
          session.keys.map((key, index) => [key, values[index] ?? '']),
        );
      }
    }
    return known.get(runId) ?? [];
  });
  interpreter.defineProcedure('load', ([name]) => {
    const file = schemeText(name, 'load');
    try {
      return interpreter.evaluate(readScript(resolve(area.options.cwd, file)));
    } catch (error) {
      // Its own place goes into the sentence; that of the call is added outside.
      throw error instanceof SchemeError
        ? new SchemeError(
            error.line === undefined ? error.message : `${placeOf(file, error)}: ${error.message}`,
          )
        : error;
    }
  });
}

/**
 * The evaluator cannot wait for an answer from another process, so a command of its own asks. The keys of a run never change:
 * each answer is asked for once.
 */
function readRuns({area}: Session, args: LegacyArguments): readonly {id: number; target: string}[] {
  const options = [
    ['--config', args.value('-config')],
    ['--append-config', args.value('-append-config')],
  ].flatMap(([option = '', value]) => (value === undefined ? [] : [option, value]));
  const {MT_RUNSCRIPT: _, ...env} = area.env;
  const {status, stdout, stderr} = spawnSync(
    megatestPath(),
    ['runs', '--json', '--area', area.path, ...options],
    {cwd: area.options.cwd, env, encoding: 'utf8', maxBuffer: Number.POSITIVE_INFINITY},
  );
  if (status !== 0) {
    throw new SchemeError(`rmt:get-key-val-pairs: the results cannot be read: ${stderr.trim()}`);
  }
  return JSON.parse(stdout);
}

function readScript(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new SchemeError(
      `the script cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function loadFile(interpreter: Interpreter, file: string): void {
  try {
    interpreter.evaluate(readScript(resolve(file)));
  } catch (error) {
    const {message, line, column} = asSchemeError(error);
    throw new UserError(message, {
      exitCode: 1,
      place: {file, ...(line === undefined ? {} : {line}), ...(column === undefined ? {} : {column})},
    });
  }
}

/** The value of the next form of standard input; a mistake is told and has none. */
function evaluateNext(interpreter: Interpreter, messages: Messages): Value | undefined {
  try {
    return interpreter.evaluateNext();
  } catch (error) {
    const mistake = asSchemeError(error);
    messages.error(`${placeOf('standard input', mistake)}: ${mistake.message}`);
    return unspecified;
  }
}

/** What is no mistake of the script is thrown again. */
function asSchemeError(error: unknown): SchemeError {
  if (error instanceof SchemeError) {
    return error;
  }
  if (error instanceof Error) {
    throw error;
  }
  // The evaluator leaves a continuation by throwing what is no error.
  return new SchemeError('a continuation was called after what it leaves had ended');
}

function placeOf(file: string, {line, column}: SchemeError): string {
  return [file, line, column].filter((part) => part !== undefined).join(':');
}

/** At a terminal: lines are edited; while a form is evaluated the terminal is as usual, for what it reads or runs, and for ^C. */
async function converse(interpreter: Interpreter, messages: Messages): Promise<void> {
  const {input} = interpreter;
  using terminal = openTerminal();
  terminal.lines.prompt();
  for await (const line of terminal.lines) {
    terminal.remember(line);
    input.add(`${line}\n`);
    // What was typed ahead is for the editor, as long as the terminal is its own.
    await setImmediate();
    process.stdin.setRawMode(false);
    while (input.waiting === 'a form') {
      const value = evaluateNext(interpreter, messages);
      if (value !== undefined && value !== unspecified) {
        messages.print(`${write(value)}\n`);
      }
    }
    process.stdin.setRawMode(true);
    terminal.lines.setPrompt(input.waiting === 'part of a form' ? '' : prompt);
    terminal.lines.prompt();
  }
  messages.print('\n');
}

/** A history that cannot be read or kept is no reason to refuse the work. */
function openTerminal(): Disposable & {readonly lines: Interface; remember(line: string): void} {
  const file = join(homedir(), '.megatest_history');
  let history: readonly string[] = [];
  try {
    history = readFileSync(file, 'utf8').trimEnd().split('\n').slice(-historyLines).reverse();
  } catch {
    // The first session has none.
  }
  const lines = createInterface({
    input: process.stdin,
    output: process.stdout,
    prompt,
    history: [...history],
    historySize: historyLines,
  });
  let [latest] = history;
  return {
    lines,
    remember: (line) => {
      if (line.trim() === '' || line === latest) {
        return;
      }
      latest = line;
      try {
        appendFileSync(file, `${line}\n`, {mode: 0o600});
      } catch {
        // It is kept for this session only.
      }
    },
    [Symbol.dispose]: () => lines.close(),
  };
}

function hostOf({area}: Session): Partial<SchemeHost> {
  return {
    print: (text) => {
      process.stdout.write(text);
      if (process.stdout.errored !== null) {
        // The reader of a pipe has seen enough; a script that never pauses would not be told otherwise.
        throw new SchemeExit(0);
      }
    },
    system: (command) => {
      const {status, error} = spawnSync('/bin/sh', ['-c', command], {
        cwd: area.options.cwd,
        env: area.env,
        stdio: 'inherit',
      });
      if (error !== undefined) {
        throw new SchemeError(`system: ${error.message}`);
      }
      return status ?? 255;
    },
    readInput: standardInput(),
  };
}

/** Gives standard input by whole lines, as they come. */
function standardInput(): () => string | undefined {
  const piece = Buffer.alloc(pieceBytes);
  let begun: Buffer = Buffer.alloc(0);
  return () => {
    for (;;) {
      const count = readPiece(piece);
      const bytes = Buffer.concat([begun, piece.subarray(0, count)]);
      const end = count === 0 ? bytes.length : bytes.lastIndexOf(0x0a) + 1;
      begun = bytes.subarray(end);
      if (end > 0) {
        return bytes.toString('utf8', 0, end);
      }
      if (count === 0) {
        return undefined;
      }
    }
  };
}

function readPiece(piece: Buffer): number {
  for (;;) {
    try {
      return readSync(0, piece);
    } catch (error) {
      if (!(error instanceof Error) || (error as NodeJS.ErrnoException).code !== 'EAGAIN') {
        throw error;
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, retryMs);
    }
  }
}
