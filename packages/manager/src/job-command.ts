/** What a manager runs for a job: a command line for a shell, in the area (spec mtutil.md 10.1, 15.4). */
import {quoteForShell} from '@megatest/config';
import {jobAction} from '@megatest/model';
import type {ManagerJob} from '@megatest/rpc';

/** `executable`: the `megatest` command. */
export function jobCommand(job: ManagerJob, areaPath: string, executable: string): string {
  const words =
    job.action === 'command' ? ['/bin/sh', '-c', job.params.command ?? ''] : [executable, ...optionsOf(job)];
  return `cd ${quoteForShell(areaPath)} && exec ${words.map(quoteForShell).join(' ')}`;
}

/** In the old style, which every version has. */
function optionsOf(job: ManagerJob): readonly string[] {
  const {action, target, runName, testPatt, params} = job;
  const ofRuns =
    jobAction(action).needs === 'nothing'
      ? []
      : [
          ...['-target', target, '-runname', runName, '-testpatt', testPatt === '' ? '%' : testPatt],
          ...option('-state', params.state),
          ...option('-status', params.status),
        ];
  switch (action) {
    case 'remove':
      return ['-remove-runs', ...ofRuns];
    case 'archive':
      return ['-archive', params.archive ?? 'save-remove', ...ofRuns];
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

function option(name: string, value: string | undefined): readonly string[] {
  return value === undefined ? [] : [name, value];
}
