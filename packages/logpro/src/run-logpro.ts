/**
 * Runs logpro: the same code for the command and for a step of a test. The log is read in pieces and never held; between pieces
 * others get their turn.
 */
import {spawn} from 'node:child_process';
import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  read,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import {basename, dirname, extname, join, resolve} from 'node:path';
import type {Readable} from 'node:stream';
import {promisify} from 'node:util';
import {SchemeExit} from '@megatest/scheme';
import {type DecidingLine, type LineOutcome, LogAnalysis, type LogResult} from './analysis.ts';
import {ByteOutput} from './byte-output.ts';
import {brokenDatText, datText} from './dat-file.ts';
import type {HookCall} from './hooks.ts';
import {
  htmlBroken,
  htmlHead,
  htmlLine,
  htmlLines,
  htmlTail,
  STYLE_SHEET,
  verdictLine,
  verdictOffset,
} from './html-report.ts';
import {type Status, statusOf} from './judgement.ts';
import {lineFeed} from './line-automaton.ts';
import {countLines, LineBlocks} from './line-blocks.ts';
import type {Rule, RuleSet} from './rule-set.ts';
import {loadRules, type RuleFile} from './rules.ts';
import {printFrame, RulesError} from './rules-error.ts';
import {type Env, fullWorld, readRules} from './rules-world.ts';
import {bySection, ruleLine, summaryHead} from './summary.ts';
import {bytesOf, charactersOf, readable} from './utf8-bytes.ts';

export type LogproRequest = {
  readonly rulesPath: string;
  /** The path of the log, a file that is open already, or a stream of bytes. */
  readonly log: string | number | Readable;
  readonly htmlPath?: string;
  readonly waiverPath?: string;
  readonly cwd: string;
  readonly env: Readonly<Env>;
  /** Takes the annotated log and the summary; not given: they go nowhere. The bytes are not to be kept. */
  readonly output?: (bytes: Buffer) => void | Promise<void>;
  /** Where the output of hooks and of commands in rules goes: this process's own, nowhere, or a file descriptor. */
  readonly hookOutput?: 'inherit' | 'ignore' | number;
  /** Is told of every line that a rule or trigger might concern. */
  readonly observe?: (observation: Observation) => void;
  /** Writes no file and runs no hook. */
  readonly isDry?: boolean;
  readonly now?: Date;
};

export type Observation = {
  readonly number: number;
  readonly text: string;
  readonly outcome: LineOutcome;
  /** All rules that match the line; only the first of them got the hit. */
  readonly matching: () => readonly Rule[];
};

export type LogproOutcome = {
  readonly exitCode: number;
  readonly status: Status;
  /** As readable text, not as bytes. */
  readonly deciding: readonly DecidingLine[];
  /** First failing rule, `KIND: NAME`, or what is wrong with the rules. */
  readonly message: string | undefined;
  /** `undefined` when the rules could not be used, or ended logpro themselves. */
  readonly result: LogResult | undefined;
  readonly ruleSet: RuleSet | undefined;
  /** Why the rules could not be used. */
  readonly error: RulesError | undefined;
};

/** A file that logpro was told to write cannot be written. */
export class ReportError extends Error {
  override readonly name = 'ReportError';
}

const pieceBytes = 256 * 1024;
const readFrom = promisify(read);

export async function runLogpro(request: LogproRequest): Promise<LogproOutcome> {
  return new LogproRun(request).run();
}

class LogproRun {
  readonly #request: LogproRequest;
  /** Rules may change it, hooks see it. */
  readonly #env: Env;
  readonly #output: ByteOutput;
  readonly #write: (bytes: Buffer) => void | Promise<void>;

  constructor(request: LogproRequest) {
    this.#request = request;
    this.#env = {...request.env};
    this.#write = request.output ?? (() => {});
    this.#output = new ByteOutput(this.#write);
  }

  async run(): Promise<LogproOutcome> {
    const {rulesPath, htmlPath, isDry = false} = this.#request;
    if (!existsSync(this.#path(rulesPath))) {
      const sentence = `command file ${rulesPath} not found`;
      await this.#write(Buffer.from(`ERROR: ${sentence}\n`));
      return {...broken(new RulesError(bytesOf(sentence), bytesOf(rulesPath))), message: sentence};
    }
    if (isDry) {
      return this.#check(undefined);
    }
    const html = htmlPath === undefined ? undefined : openReport(this.#path(htmlPath), htmlPath);
    try {
      this.#writeDat('');
      return await this.#check(html);
    } finally {
      if (html !== undefined) {
        closeSync(html);
      }
    }
  }

  /** `html` is the open report. */
  async #check(html: number | undefined): Promise<LogproOutcome> {
    let ruleSet: RuleSet;
    try {
      ruleSet = this.#loadRules();
    } catch (error) {
      if (error instanceof SchemeExit) {
        const {code} = error;
        return {...nothing, exitCode: code, status: statusOf(code)};
      }
      if (error instanceof RulesError) {
        await this.#reportBroken(error, html);
        return broken(error);
      }
      throw error;
    }
    if (html !== undefined) {
      this.#provideStyleSheet();
    }
    const result = await this.#analyse(ruleSet, html);
    this.#writeDat(datText(result));
    return {
      exitCode: result.exitCode,
      status: result.status,
      message: readable(result.message),
      deciding: readable(result.deciding),
      result,
      ruleSet,
      error: undefined,
    };
  }

  #loadRules(): RuleSet {
    const {rulesPath, waiverPath, cwd, hookOutput = 'ignore', now = new Date()} = this.#request;
    const waiver = waiverPath === undefined ? undefined : readRules(this.#path(waiverPath));
    const rules = readRules(this.#path(rulesPath));
    if (rules === undefined) {
      throw new RulesError('the file cannot be read', bytesOf(rulesPath));
    }
    const files: RuleFile[] = [{name: bytesOf(rulesPath), text: rules}];
    if (waiver !== undefined && waiverPath !== undefined) {
      files.unshift({name: bytesOf(waiverPath), text: waiver});
    }
    // Scheme does not wait, so neither does this: what rules print is little, and has to come before what their commands print.
    const print = (text: string) => void this.#write(Buffer.from(text, 'latin1'));
    return loadRules(files, fullWorld({cwd, env: this.#env, print, commandOutput: hookOutput, now}));
  }

  async #reportBroken(error: RulesError, html: number | undefined): Promise<void> {
    const frame = error.place === undefined ? '' : printFrame(error.place);
    const hint = error.hint === undefined ? '' : `  hint: ${error.hint}\n`;
    const text = `\nERROR: Syntax error in your command file!\n\n =>  ${error.message}\n${frame}${hint}`;
    await this.#write(Buffer.from(text, 'latin1'));
    if (html !== undefined) {
      writeFileSync(html, htmlBroken(text), 'latin1');
    }
    this.#writeDat(brokenDatText(error.message));
  }

  async #analyse(ruleSet: RuleSet, html: number | undefined): Promise<LogResult> {
    const analysis = new LogAnalysis(ruleSet);
    const blocks = new LineBlocks();
    const page = html === undefined ? undefined : new ByteOutput((bytes) => writeFileSync(html, bytes));
    page?.text(htmlHead());
    for await (const piece of this.#pieces()) {
      for (const block of blocks.push(piece)) {
        await this.#block(block, analysis, page);
      }
    }
    for (const block of blocks.end()) {
      await this.#block(block, analysis, page);
    }
    const result = analysis.finish();
    await this.#summary(result, analysis);
    if (html !== undefined && page !== undefined) {
      page.text(htmlTail(result));
      await page.flush();
      if (fstatSync(html).isFile()) {
        writeSync(html, verdictLine(result), verdictOffset, 'latin1');
      }
    }
    return result;
  }

  async #block(block: Buffer, analysis: LogAnalysis, page: ByteOutput | undefined): Promise<void> {
    for (let at = 0; at < block.length; ) {
      const next = analysis.nextOfInterest(block, at);
      if (next > at) {
        analysis.passOver(countLines(block, at, next));
        this.#output.bytes(block.subarray(at, next));
        page?.bytes(htmlLines(block, at, next));
        at = next;
      }
      if (at < block.length) {
        const end = block.indexOf(lineFeed, at);
        await this.#line(block.toString('latin1', at, end), analysis, page);
        at = end + 1;
      }
    }
    await this.#output.flush();
    await page?.flush();
  }

  async #line(text: string, analysis: LogAnalysis, page: ByteOutput | undefined): Promise<void> {
    const number = analysis.nextLine;
    const outcome = analysis.line(text);
    this.#request.observe?.({number, text, outcome, matching: () => analysis.matching(text)});
    for (const mark of outcome.marks) {
      this.#output.text(`${mark}\n`);
    }
    if (outcome.hook !== undefined) {
      await this.#runHook(outcome.hook);
    }
    this.#output.text(`${text}\n`);
    page?.text(htmlLine(text, outcome));
  }

  async #summary(result: LogResult, analysis: LogAnalysis): Promise<void> {
    this.#output.text(summaryHead(result));
    for (const [section, rules] of bySection(result.rules)) {
      this.#output.text(`\nExpects for ${section} section: \n`);
      for (const rule of rules) {
        const hook = analysis.hookAtEnd(rule);
        if (hook !== undefined) {
          await this.#runHook(hook);
        }
        this.#output.text(`${ruleLine(rule)}\n`);
      }
    }
    if (result.isMalformed) {
      this.#output.text('ERROR: Logpro error, probably in your command file.\n');
    }
    await this.#output.flush();
  }

  /** Waits for the end of the command, so that what it prints stands where it was called. */
  async #runHook({announcement, command}: HookCall): Promise<void> {
    const {cwd, hookOutput = 'ignore', isDry = false} = this.#request;
    if (isDry) {
      return;
    }
    this.#output.text(`${announcement}\n`);
    await this.#output.flush();
    // The log may hold any byte, an argument of a command all but one.
    const words = ['-c', charactersOf(command).replaceAll('\0', '')];
    await new Promise<void>((ended, fail) => {
      const shell = spawn('/bin/sh', words, {cwd, env: this.#env, stdio: ['ignore', hookOutput, hookOutput]});
      shell.once('error', fail);
      shell.once('close', () => ended());
    }).catch((error: unknown) => {
      // Its exit code would not matter either; a line may be too long for the system to take as an argument.
      const reason = error instanceof Error ? error.message : String(error);
      this.#output.text(`WARNING: the hook was not run: ${reason}\n`);
    });
  }

  async *#pieces(): AsyncGenerator<Buffer> {
    const {log} = this.#request;
    if (typeof log === 'object') {
      for await (const piece of log) {
        yield Buffer.isBuffer(piece) ? piece : Buffer.from(String(piece), 'latin1');
      }
      return;
    }
    const file = typeof log === 'number' ? log : openSync(this.#path(log), 'r');
    const read = (buffer: Buffer) => readFrom(file, buffer, 0, pieceBytes, null);
    let [buffer, other] = [Buffer.allocUnsafe(pieceBytes), Buffer.allocUnsafe(pieceBytes)];
    let next = read(buffer);
    try {
      for (;;) {
        const {bytesRead} = await next;
        if (bytesRead === 0) {
          return;
        }
        // The next piece is read while this one is looked at.
        next = read(other);
        yield buffer.subarray(0, bytesRead);
        [buffer, other] = [other, buffer];
      }
    } finally {
      await next.catch(() => {
        // Whoever awaited it has been told.
      });
      if (file !== log) {
        closeSync(file);
      }
    }
  }

  #path(name: string): string {
    return resolve(this.#request.cwd, name);
  }

  /** A read-only directory keeps the summary from being written, not the log from being judged. */
  #writeDat(text: string): void {
    const {htmlPath, isDry = false} = this.#request;
    const name =
      htmlPath === undefined
        ? 'summary.dat'
        : join(dirname(htmlPath), `${basename(htmlPath, extname(htmlPath))}.dat`);
    try {
      if (!isDry) {
        writeFileSync(this.#path(name), text, 'latin1');
      }
    } catch {
      // The verdict still goes by the exit code.
    }
  }

  /** Links a style sheet beside the report, or writes the built-in one; users may have put their own there. */
  #provideStyleSheet(): void {
    const path = join(dirname(this.#path(this.#request.htmlPath ?? '')), 'logpro_style.css');
    const program = dirname(process.argv[1] ?? '');
    const own = this.#env.LOGPRO_CSS ?? '';
    const source = [
      own === '' ? '' : this.#path(own),
      join(program, '../share/css/logpro_style.css'),
      join(program, 'logpro_style.css'),
    ].find((candidate) => candidate !== '' && existsSync(candidate));
    try {
      if (existsSync(path)) {
        return;
      }
      if (source === undefined) {
        writeFileSync(path, STYLE_SHEET, {flag: 'wx'});
      } else {
        symlinkSync(source, path);
      }
    } catch {
      // Another step of the same test has just made it, or the directory is read-only: the report is readable without.
    }
  }
}

const nothing = {deciding: [], message: undefined, result: undefined, ruleSet: undefined, error: undefined};

function broken(error: RulesError): LogproOutcome {
  return {...nothing, exitCode: 1, status: 'FAIL', message: readable(error.message), error};
}

function openReport(path: string, name: string): number {
  try {
    return openSync(path, 'w');
  } catch (error) {
    throw new ReportError(`cannot write ${name}: ${error instanceof Error ? error.message : error}`);
  }
}
