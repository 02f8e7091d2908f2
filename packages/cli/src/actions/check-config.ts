/** `megatest config check`: every mistake in the files of an area, like a compiler tells it; for editors and CI as JSON or SARIF. */
import {
  type CheckOptions,
  type CheckResult,
  checkArea,
  findArea,
  printProblems,
  problemsJson,
  problemsSarif,
} from '@megatest/config';
import {checkRules} from '@megatest/logpro';
import {UserError} from '@megatest/model';
import {PROGRAM_VERSION} from '@megatest/rpc';
import type {Messages} from '../messages.ts';
import type {SelectorArguments} from '../modern/command.ts';
import {environment} from '../session.ts';

/** Exit code 1 when something is wrong; warnings and notes alone are no reason to stop a build. */
export function checkConfig(
  args: SelectorArguments & {readonly format?: string | undefined},
  messages: Messages,
): number {
  const format = args.json === true ? 'json' : (args.format ?? 'text');
  if (!['text', 'json', 'sarif'].includes(format)) {
    throw new UserError(`config check prints text, json or sarif, not ${format}`, {exitCode: 2});
  }
  const env = environment();
  const cwd = args.area ?? process.cwd();
  if (args.area !== undefined) {
    delete env.MT_RUN_AREA_HOME;
  }
  const path = findArea(env, cwd, args.config);
  const {problems, tests, targets} = checkFiles(path, {
    env,
    cwd,
    ...(args.config === undefined ? {} : {configName: args.config}),
    ...(args.appendConfig === undefined ? {} : {appendConfig: args.appendConfig}),
    ...(args.target === undefined ? {} : {target: args.target}),
  });
  switch (format) {
    case 'json':
      messages.print(problemsJson(problems, path));
      break;
    case 'sarif':
      messages.print(problemsSarif(problems, PROGRAM_VERSION, path));
      break;
    default:
      messages.print(printProblems(problems, path));
      messages.info(
        1,
        `looked at ${counted(tests, 'test')} and ${counted(targets.length, 'target')} of ${path}`,
      );
      if (targets.length === 0) {
        messages.info(1, 'without a target, what depends on one was not judged: name one with --target');
      }
  }
  return problems.some(({severity}) => severity === 'error') ? 1 : 0;
}

/** What is wrong in the files of an area, log rules and all. */
export function checkFiles(
  path: string,
  options: Omit<CheckOptions, 'checkRules' | 'checkRulesText'>,
): CheckResult {
  const {env} = options;
  return checkArea(path, {
    ...options,
    checkRules: (file) =>
      checkRules(file, {env}).map(({severity, message, place, hint}) => ({
        code: 'bad-rules',
        severity,
        message,
        place: place ?? {file},
        ...(hint === undefined ? {} : {hint}),
      })),
    checkRulesText: (text) =>
      checkRules({name: 'logpro', text}, {env}).map(({severity, message, place, hint}) => ({
        severity,
        line: place?.line ?? 1,
        column: place?.column ?? 1,
        message,
        ...(hint === undefined ? {} : {hint}),
      })),
  });
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
