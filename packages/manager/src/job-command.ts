/** What a manager runs for a job: a command line for a shell, in the area (spec mtutil.md 10.1, 15.4). */
import {quoteForShell, removeWords, selectorWords} from '@megatest/model';
import type {ManagerJob} from '@megatest/rpc';

/** `executable`: the `megatest` command. */
export function jobCommand(job: ManagerJob, areaPath: string, executable: string): string {
  const commands = commandsOf(job, executable).map((words) => words.map(quoteForShell).join(' '));
  return [
    `cd ${quoteForShell(areaPath)}`,
    ...commands.map((command, index) => (index === commands.length - 1 ? `exec ${command}` : command)),
  ].join(' && ');
}

function commandsOf(job: ManagerJob, executable: string): readonly (readonly string[])[] {
  const {action, params} = job;
  if (action !== 'command') {
    return [[executable, ...optionsOf(job)]];
  }
  return params.commands === undefined
    ? [['/bin/sh', '-c', params.command ?? '']]
    : params.commands.map((words) => [executable, ...words]);
}

function optionsOf(job: ManagerJob): readonly string[] {
  const {action, target, runName, testPatt, params} = job;
  const {state, status} = params;
  const selectors = {target, runName, testPatt, state, status};
  switch (action) {
    case 'remove':
      return removeWords(selectors);
    case 'archive':
      return ['-archive', params.archive ?? 'save-remove', ...selectorWords(selectors)];
    case 'html':
      return ['-generate-html'];
    case 'sync':
      return ['-sync-to', params.syncTo ?? ''];
    case 'update-meta':
      return ['-update-meta'];
    default:
      throw new Error(`a manager does not do "${action}"`);
  }
}
