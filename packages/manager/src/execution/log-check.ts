/** Judging the log of a step by its rules, inside the manager (spec execution.md 12.2, 16.3). */
import {closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync, writeSync} from 'node:fs';
import {join} from 'node:path';
import type {Env} from '@megatest/config';
import {type DecidingLine, runLogpro} from '@megatest/logpro';
import {type DatFile, parseDat} from './dat-file.ts';

const marker = ';; logpro file extracted from testconfig\n;;\n';

/** Rules from the testconfig, unless the test brings a file of its own; rules that an earlier run left are made anew. */
export function extractRules(
  stepName: string,
  rules: string | undefined,
  testDir: string,
  rundir: string,
): void {
  const path = join(rundir, `${stepName}.logpro`);
  const isThere = existsSync(path);
  const isOwn =
    existsSync(join(testDir, `${stepName}.logpro`)) ||
    (isThere && !readFileSync(path, 'latin1').startsWith(marker));
  if (!isOwn && rules !== undefined) {
    writeFileSync(path, `${marker}${rules}\n`);
  } else if (!isOwn && isThere) {
    rmSync(path);
  }
}

export type LogCheck = {
  readonly exitCode: number;
  readonly dat: DatFile;
  /** For the step record: what the `.dat` says, else what went wrong. */
  readonly comment: string;
  readonly deciding: readonly DecidingLine[];
};

/** Judges `<step>.log` when there are rules for it. What the check itself and its hooks print goes to the end of `outputPath`. */
export async function checkLog(
  stepName: string,
  rundir: string,
  env: Readonly<Env>,
  outputPath: string,
): Promise<LogCheck | undefined> {
  const rules = `${stepName}.logpro`;
  if (!existsSync(join(rundir, rules))) {
    return undefined;
  }
  const output = openSync(outputPath, 'a');
  try {
    const outcome = await runLogpro({
      rulesPath: rules,
      log: `${stepName}.log`,
      htmlPath: `${stepName}.html`,
      cwd: rundir,
      env,
      output: (bytes) => {
        writeSync(output, bytes);
      },
      hookOutput: output,
    }).catch((error: unknown) => ({
      exitCode: 1,
      deciding: [],
      message: error instanceof Error ? error.message : String(error),
    }));
    const dat = readDat(rundir, stepName);
    return {
      exitCode: outcome.exitCode,
      dat,
      comment: dat.comment ?? outcome.message ?? '',
      deciding: outcome.deciding,
    };
  } finally {
    closeSync(output);
  }
}

/** Leaves beside the log what decided, for summaries that show it without reading the log again; `exit` as in the step record. */
export function keepReason(
  rundir: string,
  stepName: string,
  exit: string,
  deciding: readonly DecidingLine[],
): void {
  // Log rules count lines from 0, editors from 1.
  const lines = deciding.map(({line, text, rule}) => ({line: line + 1, text, rule}));
  const why = {step: stepName, log: `${stepName}.log`, exit, lines};
  writeFileSync(join(rundir, '.mt/why.json'), JSON.stringify(why));
}

/** What `<step>.dat` of a run directory holds; nothing when it is not there. */
export function readDat(rundir: string, stepName: string): DatFile {
  const path = join(rundir, `${stepName}.dat`);
  return existsSync(path) ? parseDat(readFileSync(path, 'utf8'), stepName) : {rows: [], comment: undefined};
}
