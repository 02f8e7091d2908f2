/** A temporary folder in which tests of logpro run it, in this process or as a command. */
import {spawn} from 'node:child_process';
import {existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {Readable} from 'node:stream';
import {fileURLToPath} from 'node:url';
import {type LogproOutcome, type LogproRequest, runLogpro} from '@megatest/logpro';
import {build} from 'esbuild';

export type CommandResult = {
  readonly exitCode: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
};

export class WorkFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'logpro-'));

  /** Writes Latin-1 text. */
  write(name: string, text: string): void {
    writeFileSync(join(this.path, name), text, 'latin1');
  }

  has(name: string): boolean {
    return existsSync(join(this.path, name));
  }

  read(name: string): string {
    return readFileSync(join(this.path, name), 'latin1');
  }

  /** Runs logpro in this process on `log`; resolves with its outcome and its standard output. */
  async run(
    log: string,
    request: Partial<LogproRequest> = {},
  ): Promise<LogproOutcome & {readonly output: string}> {
    const parts: Buffer[] = [];
    const outcome = await runLogpro({
      rulesPath: 'r.logpro',
      log: Readable.from([Buffer.from(log, 'latin1')]),
      cwd: this.path,
      env: process.env,
      output: (bytes) => void parts.push(Buffer.from(bytes)),
      ...request,
    });
    return {...outcome, output: Buffer.concat(parts).toString('latin1')};
  }

  /** Runs the command with `log` as its standard input. */
  async command(words: readonly string[], log: Buffer | string): Promise<CommandResult> {
    const child = spawn(process.execPath, [await builtCommand(), ...words], {cwd: this.path});
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    child.stdin.once('error', () => {
      // It may end before it has read everything, for instance because of broken rules.
    });
    child.stdin.end(log);
    const [stdout, stderr] = await Promise.all([textOf(child.stdout), textOf(child.stderr)]);
    return {exitCode: await ended, stdout, stderr: stderr.toString()};
  }

  remove(): void {
    rmSync(this.path, {recursive: true});
  }
}

async function textOf(stream: Readable): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) {
    parts.push(part);
  }
  return Buffer.concat(parts);
}

let building: Promise<string> | undefined;

/** The command as it stands in the sources, so that a test never sees an older bundle. */
export function builtCommand(): Promise<string> {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const outfile = join(root, `.build/test/logpro-${process.pid}.mjs`);
  building ??= build({
    entryPoints: [join(root, 'packages/cli/src/bin/logpro.ts')],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'warning',
  }).then(() => outfile);
  return building;
}
