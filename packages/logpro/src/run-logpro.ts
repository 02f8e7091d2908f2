/**
 * Runs logpro: the same code for the command and inside the manager. The log is read in pieces and never held; between pieces
 * others get their turn.
 */
import {spawnSync} from 'node:child_process';
import {
  closeSync,
  createReadStream,
  existsSync,
  openSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import {availableParallelism, hostname} from 'node:os';
import {basename, dirname, extname, isAbsolute, join} from 'node:path';
import type {Readable} from 'node:stream';
import {SchemeExit, type SchemeHost} from '@megatest/scheme';
import {type DecidingLine, LogAnalysis, type Status, type Verdict} from './analysis.ts';
import {LineSplitter} from './line-splitter.ts';
import {
  brokenDatText,
  bySection,
  datText,
  htmlHead,
  htmlLine,
  htmlTail,
  ruleLine,
  STYLE_SHEET,
  summaryBanner,
  triggerLine,
} from './report.ts';
import {KINDS, loadRules, type RuleFile, type RuleSet, RulesError} from './rules.ts';

export type LogproRequest = {
  readonly rulesPath: string;
  /** File to check, or a stream. */
  readonly log: string | Readable;
  readonly htmlPath?: string;
  readonly waiverPath?: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where the annotated log and the summary go; not given: nowhere. */
  readonly print?: (text: string) => void;
  readonly now?: Date;
};

export type LogproOutcome = {
  readonly exitCode: number;
  readonly status: Status;
  readonly deciding: readonly DecidingLine[];
  /** First failing rule, `KIND: NAME`, or what is wrong with the rules. */
  readonly message: string | undefined;
};

const pieceBytes = 256 * 1024;

export async function runLogpro(request: LogproRequest): Promise<LogproOutcome> {
  const at = (path: string) => (isAbsolute(path) ? path : join(request.cwd, path));
  const print = request.print ?? (() => {});
  if (!existsSync(at(request.rulesPath))) {
    print(`ERROR: command file ${request.rulesPath} not found\n`);
    return broken(`command file ${request.rulesPath} not found`);
  }
  const html = request.htmlPath === undefined ? undefined : openSync(at(request.htmlPath), 'w');
  const dat = at(request.htmlPath === undefined ? 'summary.dat' : withoutExtension(request.htmlPath, '.dat'));
  writeDat(dat, '');
  try {
    let ruleSet: RuleSet;
    try {
      ruleSet = loadRules(ruleFiles(request, at), request.cwd, hostFor(request), request.now ?? new Date());
    } catch (error) {
      if (error instanceof SchemeExit) {
        return {
          exitCode: error.code,
          status: error.code === 0 ? 'PASS' : 'FAIL',
          deciding: [],
          message: undefined,
        };
      }
      if (!(error instanceof RulesError)) {
        throw error;
      }
      const text = `\nERROR: Syntax error in your command file!\n\n =>  ${error.message}\n`;
      print(text);
      if (html !== undefined) {
        writeSync(html, `${htmlHead()}${text}</pre></body></html>\n`, null, 'latin1');
      }
      writeDat(dat, brokenDatText(error.message));
      return broken(error.message);
    }
    if (request.htmlPath !== undefined) {
      provideStyleSheet(dirname(at(request.htmlPath)), request.env.LOGPRO_CSS);
    }
    const verdict = await analyse(request, at, ruleSet, html, print);
    writeDat(dat, datText(verdict));
    return {
      exitCode: verdict.exitCode,
      status: verdict.status,
      deciding: verdict.deciding,
      message: verdict.message,
    };
  } finally {
    if (html !== undefined) {
      closeSync(html);
    }
  }
}

async function analyse(
  request: LogproRequest,
  at: (path: string) => string,
  ruleSet: RuleSet,
  html: number | undefined,
  print: (text: string) => void,
): Promise<Verdict> {
  print(ruleSet.output);
  const analysis = new LogAnalysis(ruleSet);
  const splitter = new LineSplitter();
  let page = html === undefined ? '' : htmlHead();
  let hasDecided = false;
  const take = (lines: readonly string[]) => {
    let annotated = '';
    for (const line of lines) {
      const outcome = analysis.line(line);
      for (const {announcement, command} of outcome.hooks) {
        print(`${annotated}${announcement}\n`);
        annotated = '';
        runHook(command, request);
      }
      for (const mark of outcome.marks) {
        annotated += `${mark}\n`;
      }
      annotated += `${line}\n`;
      if (html !== undefined) {
        const isDeciding =
          !hasDecided &&
          outcome.hit !== undefined &&
          mayDecide(outcome.hit.rule.kind, outcome.hit.rule.condition);
        hasDecided ||= isDeciding;
        page += htmlLine(line, outcome, isDeciding);
      }
    }
    print(annotated);
    if (html !== undefined) {
      writeSync(html, page, null, 'latin1');
      page = '';
    }
  };
  const stream =
    typeof request.log === 'string'
      ? createReadStream(at(request.log), {highWaterMark: pieceBytes})
      : request.log;
  for await (const piece of stream) {
    take(splitter.push(Buffer.isBuffer(piece) ? piece.toString('latin1') : String(piece)));
  }
  take(splitter.end());
  const verdict = analysis.finish();
  print(`${summaryBanner()}\n${verdict.triggers.map((state) => `${triggerLine(state)}\n`).join('')}`);
  for (const [section, results] of bySection(verdict.results)) {
    print(`\nExpects for ${section} section: \n`);
    for (const result of results) {
      for (const {announcement, command} of analysis.valueHooks(result)) {
        print(`${announcement}\n`);
        runHook(command, request);
      }
      print(`${ruleLine(result)}\n`);
    }
  }
  if (verdict.isMalformed) {
    print('ERROR: Logpro error, probably in your command file.\n');
  }
  if (html !== undefined) {
    writeSync(html, htmlTail(verdict), null, 'latin1');
  }
  return verdict;
}

/** A hit that makes its rule fail for sure: where the report opens. */
function mayDecide(
  kind: string,
  condition: {readonly type: string; readonly comparison?: string; readonly count?: number},
): boolean {
  return (
    KINDS[kind]?.tally === 'fail' &&
    condition.type === 'count' &&
    condition.comparison === '=' &&
    condition.count === 0
  );
}

function ruleFiles(request: LogproRequest, at: (path: string) => string): readonly RuleFile[] {
  const waiver =
    request.waiverPath !== undefined && existsSync(at(request.waiverPath)) ? [request.waiverPath] : [];
  return [...waiver, request.rulesPath].map((name) => ({name, text: readFileSync(at(name), 'latin1')}));
}

function broken(message: string): LogproOutcome {
  return {exitCode: 1, status: 'FAIL', deciding: [], message};
}

function withoutExtension(path: string, suffix: string): string {
  return join(dirname(path), basename(path, extname(path)) + suffix);
}

/** A read-only directory keeps the summary from being written, not the log from being judged. */
function writeDat(path: string, text: string): void {
  try {
    writeFileSync(path, text, 'latin1');
  } catch {
    // The verdict still goes by the exit code.
  }
}

function provideStyleSheet(directory: string, own: string | undefined): void {
  const path = join(directory, 'logpro_style.css');
  if (existsSync(path)) {
    return;
  }
  try {
    if (own !== undefined && existsSync(own)) {
      symlinkSync(own, path);
    } else {
      writeFileSync(path, STYLE_SHEET);
    }
  } catch {
    // Another step of the same test has just made it, or the directory is read-only: the report is readable without.
  }
}

function runHook(command: string, request: LogproRequest): void {
  spawnSync('/bin/sh', ['-c', command], {
    cwd: request.cwd,
    env: request.env as NodeJS.ProcessEnv,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}

function hostFor(request: LogproRequest): Omit<SchemeHost, 'print'> {
  const env: Record<string, string | undefined> = {...request.env};
  return {
    getenv: (name) => env[name],
    setenv: (name, value) => {
      env[name] = value;
    },
    system: (command) =>
      spawnSync('/bin/sh', ['-c', command], {
        cwd: request.cwd,
        env: env as NodeJS.ProcessEnv,
        stdio: 'inherit',
      }).status ?? 255,
    createDirectory: () => {},
    fileExists: (path) => existsSync(isAbsolute(path) ? path : join(request.cwd, path)),
    isDirectory: (path) =>
      statSync(isAbsolute(path) ? path : join(request.cwd, path), {throwIfNoEntry: false})?.isDirectory() ??
      false,
    currentDirectory: () => request.cwd,
    hostName: () => hostname(),
    nowS: () => Math.floor(Date.now() / 1000),
    processorCount: () => availableParallelism(),
  };
}
