/** One shell command with its input and all of its output: how batch systems are asked. */
import {spawn} from 'node:child_process';
import type {Env} from '@megatest/config';
import type {CommandOutput} from './batch-system.ts';

export async function runShell(
  command: string,
  input: string,
  env: Env,
  cwd: string,
  /** Called with the pid of the shell, which is the command's own or its parent's. */
  onStarted?: (pid: number) => void,
): Promise<CommandOutput> {
  return await new Promise((resolve) => {
    const child = spawn('/bin/sh', ['-c', command], {cwd, env, stdio: ['pipe', 'pipe', 'pipe']});
    onStarted?.(child.pid ?? 0);
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    // A command may end without reading its input.
    child.stdin.on('error', () => {}).end(input);
    child.once('error', (error) => resolve({code: 127, stdout, stderr: error.message}));
    child.once('close', (code) => resolve({code: code ?? 255, stdout, stderr}));
  });
}
