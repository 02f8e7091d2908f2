/** `-runstep`: one step with its records, log and log rules (spec execution.md 17.3). */
import {spawnSync} from 'node:child_process';
import {closeSync, openSync, writeSync} from 'node:fs';
import {runLogpro} from '@megatest/logpro';
import type {HelperCall, HelperMessages, HelperWords} from './helper-call.ts';

export async function runStep(
  call: HelperCall,
  words: HelperWords,
  messages: HelperMessages,
): Promise<number> {
  const name = words.value('-runstep') ?? '';
  const comment = words.value('-m') ?? '';
  const logName = `${name}.log`;
  call.step(name, 'start', 'n/a', comment, logName);
  await call.send(messages);
  const log = openSync(logName, 'w');
  const result = spawnSync('/bin/sh', ['-c', `(${words.remainder.join(' ')})`], {
    stdio: ['inherit', log, log],
  });
  closeSync(log);
  let exitCode = result.status ?? 1;
  const rules = words.value('-logpro');
  if (rules !== undefined) {
    const htmlPath = `${name}.html`;
    const own = openSync(`${name}_logpro.log`, 'w');
    const outcome = await runLogpro({
      rulesPath: rules,
      log: logName,
      htmlPath,
      cwd: process.cwd(),
      env: process.env,
      output: (bytes) => {
        writeSync(own, bytes);
      },
      hookOutput: own,
    });
    closeSync(own);
    exitCode = outcome.exitCode;
    call.setLog(htmlPath);
  }
  call.step(name, 'end', String(exitCode), comment, logName);
  await call.send(messages);
  return exitCode >= 0 && exitCode <= 2 ? exitCode : 3;
}
