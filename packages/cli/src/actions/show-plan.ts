/** `megatest run --dry-run`: what would run, why, and what it would wait for. Nothing is registered, nothing is made on disk. */
import {askPlanner} from '@megatest/manager';
import {type PlanFormat, printPlan, UserError} from '@megatest/model';
import type {SubmitOptions} from '@megatest/rpc';
import {type CommandContext, EXIT} from '../modern/command.ts';
import {bundlePath} from '../programs.ts';
import {environment} from '../session.ts';

export async function showPlan(
  context: CommandContext,
  request: {readonly target: string; readonly runName: string; readonly options: SubmitOptions},
  format: PlanFormat | undefined,
): Promise<number> {
  const {area} = context.session;
  const reply = await askPlanner(bundlePath('planner'), {
    kind: 'plan',
    areaPath: area.path,
    env: {...environment(), MT_TARGET: request.target},
    cwd: process.cwd(),
    target: request.target,
    runName: request.runName,
    options: request.options,
    argv: process.argv.slice(2),
    isDryRun: true,
  });
  for (const {level, text} of reply.messages) {
    if (/^(ERROR|WARNING)/.test(text)) {
      context.messages.say(level, text);
    }
  }
  if (reply.plan === undefined) {
    throw new UserError(reply.error ?? 'the area could not be planned');
  }
  context.print(printPlan(reply.plan, format ?? (context.isJson ? 'json' : 'table')));
  return reply.plan.tests.length > 0 ? EXIT.ok : EXIT.nothingMatched;
}
