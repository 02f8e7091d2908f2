/** Which tests are launched, and how: options of runs, whether somebody watches them or a job is made of them. */
import type {Argv} from 'yargs';

export type LaunchArguments = {
  readonly mode?: string | undefined;
  readonly tags?: string | undefined;
  readonly preclean?: boolean | undefined;
  readonly force?: boolean | undefined;
  readonly rerun?: string | undefined;
  readonly set?: readonly string[] | undefined;
  readonly contour?: string | undefined;
  readonly maxFail?: number | undefined;
  readonly shuffle?: number | undefined;
};

export function withLaunchOptions<T>(yargs: Argv<T>) {
  return yargs
    .option('mode', {type: 'string', describe: 'take the test pattern from this variable of runconfigs'})
    .option('tags', {type: 'string', describe: 'only tests with one of these tags'})
    .option('preclean', {type: 'boolean', describe: "empty a test's directory before it is launched"})
    .option('force', {type: 'boolean', describe: 'run whatever state a test is in'})
    .option('rerun', {type: 'string', describe: 'also run completed tests with one of these statuses'})
    .option('set', {type: 'string', array: true, describe: 'variable for the tests, V=x'})
    .option('contour', {type: 'string', describe: 'contour of the run'})
    .option('max-fail', {
      alias: 'maxfail',
      type: 'number',
      describe: 'launch nothing more after so many failures',
    })
    .option('shuffle', {type: 'number', describe: 'launch in an order that this seed decides'});
}
