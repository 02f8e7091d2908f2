/** `-run` and its relatives in the old style: the driver's words on the streams they belong to, its exit code at the end. */
import type {Session} from '../session.ts';
import {type RunRequest, submitRun} from './submit-run.ts';

export async function runLegacy(session: Session, request: RunRequest): Promise<number> {
  const {messages} = session;
  const run = await submitRun(session, request, {
    onOutput: ({stream, level, text}) => {
      if (stream === 'stdout') {
        messages.print(`${text}\n`);
      } else {
        messages.say(level, text);
      }
    },
  });
  let signals = 0;
  const interrupted = new Promise<number>((resolve) => {
    for (const [signal, number, code] of [
      ['SIGINT', 2, 130],
      ['SIGTERM', 15, 143],
    ] as const) {
      process.on(signal, () => {
        signals += 1;
        if (signals > 1) {
          process.exit(code);
        }
        messages.say(0, `Received signal ${number}, cleaning up before exit. Please wait...`);
        void run.stop().finally(() => {
          const {target, runName} = request;
          messages.say(
            0,
            `Running tests go on; stop them with: megatest kill -t ${target} -n ${runName}; go on with: megatest run -t ${target} -n ${runName}`,
          );
          resolve(code);
        });
      });
    }
  });
  const exitCode = await Promise.race([run.ended, interrupted]);
  run.close();
  return exitCode;
}
