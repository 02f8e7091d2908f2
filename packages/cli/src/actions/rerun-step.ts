/** Which instances `megatest rerun --from-step` may repeat (spec execution.md 12.8, point 1). */
import {existsSync} from 'node:fs';
import {readSnapshot, snapshotFile} from '@megatest/manager';
import {UserError} from '@megatest/model';
import {withoutTestVariables} from '@megatest/rpc';
import type {TestRow} from '@megatest/store';
import {type CommandContext, EXIT, findRun, type SelectorArguments} from '../modern/command.ts';
import {readTestconfigOf} from './testconfig-of.ts';

const endedStates = ['COMPLETED', 'KILLED', 'INCOMPLETE'];

/** A pattern of exactly those; whatever is left out is said, with the reason. */
export async function patternFromStep(
  context: CommandContext,
  args: SelectorArguments,
  stepName: string,
): Promise<string> {
  const run = await findRun(context, args);
  const results = await context.session.results('exact');
  const all = await results.tests({runIds: [run.id]});
  const withItems = new Set(all.filter(({itemPath}) => itemPath !== '').map(({testName}) => testName));
  const rows = (await results.tests({runIds: [run.id], testPatt: args.tests})).filter(
    ({testName, itemPath}) => itemPath !== '' || !withItems.has(testName),
  );
  const names: string[] = [];
  for (const row of rows) {
    const name = row.itemPath === '' ? row.testName : `${row.testName}/${row.itemPath}`;
    const obstacle = await obstacleOf(context, row, stepName);
    if (obstacle === undefined) {
      names.push(name);
    } else {
      context.messages.error(`${name} cannot be repeated from step ${stepName}: ${obstacle}`);
    }
  }
  if (names.length === 0) {
    throw new UserError(
      `no test of run ${run.target.join('/')} ${run.runName} can be repeated from step ${stepName}`,
      {
        hint: 'the steps of a test are listed by "megatest steps TEST"',
        exitCode: rows.length === 0 ? EXIT.nothingMatched : 1,
      },
    );
  }
  return names.join(',');
}

async function obstacleOf(
  context: CommandContext,
  row: TestRow,
  stepName: string,
): Promise<string | undefined> {
  if (!endedStates.includes(row.state)) {
    return `it is ${row.state}, not ended`;
  }
  if (!existsSync(snapshotFile(row.rundir))) {
    return `its run directory ${row.rundir} is not there, or nothing has run in it`;
  }
  const env = readSnapshot(row.rundir, withoutTestVariables(process.env));
  const testconfig = await readTestconfigOf(context.session, env);
  if (testconfig === undefined) {
    return 'its testconfig cannot be read';
  }
  const known = testconfig.steps.map(({name}) => name);
  if (known.length === 0) {
    return 'it has no [ezsteps]';
  }
  return known.includes(stepName) ? undefined : `its steps are ${known.join(', ')}`;
}
