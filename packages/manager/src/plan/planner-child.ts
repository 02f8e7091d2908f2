/** Both sides of the planning child: the manager's, which gives it a request and a time limit, and its own main function. */
import {type ChildProcess, fork} from 'node:child_process';
import {printUserError, UserError} from '@megatest/model';
import {answer, type PlannerTools, type PlanningReply, type PlanningRequest} from './planner.ts';

/** What the child tells before its reply: what it reads now, and how long it may take in all, once it knows. */
type ChildNote =
  | {readonly note: 'reading'; readonly file: string}
  | {readonly note: 'limit'; readonly ms: number};

/** Runs as the child: one request by message, notes, one reply, end; also when nobody is left who could ask. */
export function runPlannerChild(tools: PlannerTools): void {
  process.once('disconnect', () => process.exit(0));
  process.once('message', (request: PlanningRequest) => {
    let reply: PlanningReply | {readonly crash: string};
    const tell = (note: ChildNote) => process.send?.(note);
    try {
      become(request);
      const progress = {
        onReading: (file: string) => tell({note: 'reading', file}),
        onLimit: (ms: number) => tell({note: 'limit', ms}),
      };
      reply = answer(request, progress, tools);
    } catch (error) {
      reply =
        error instanceof UserError
          ? {messages: [], error: printUserError(error).trimEnd()}
          : {crash: error instanceof Error ? (error.stack ?? error.message) : String(error)};
    }
    process.send?.(reply, () => process.exit(0));
  });
}

const defaultLimitMs = 600_000;

/** The child may have started before anybody knew for whom. */
function become({env, cwd, umask}: PlanningRequest): void {
  for (const name of Object.keys(process.env)) {
    if (!Object.hasOwn(env, name)) {
      delete process.env[name];
    }
  }
  Object.assign(process.env, env);
  try {
    process.chdir(cwd);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    throw new UserError(`the directory that this was started from cannot be entered: ${cause}`);
  }
  if (umask !== undefined) {
    process.umask(umask);
  }
}

export function startChild(plannerPath: string, env: NodeJS.ProcessEnv): ChildProcess {
  return fork(plannerPath, [], {
    env,
    cwd: '/',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // A plan makes many small objects and ends: collecting them in small steps took half of its time.
    execArgv: ['--max-semi-space-size=64'],
    serialization: 'advanced',
  });
}

/** Asks a fresh child. */
export async function askPlanner(plannerPath: string, request: PlanningRequest): Promise<PlanningReply> {
  return await askChild(startChild(plannerPath, request.env), request);
}

/** Asks a child that nobody has asked yet; it is ended, and the request fails, when it takes too long. */
export async function askChild(child: ChildProcess, request: PlanningRequest): Promise<PlanningReply> {
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-64 * 1024);
  });
  try {
    return await new Promise<PlanningReply>((resolve, reject) => {
      let reading = request.areaPath;
      const startMs = performance.now();
      const limitAt = (ms: number) =>
        setTimeout(
          () => {
            child.kill('SIGKILL');
            reject(
              new Error(
                `reading ${reading} took longer than ${ms / 1000} seconds; see [jobtools] plan-timeout`,
              ),
            );
          },
          ms - (performance.now() - startMs),
        );
      let timer = limitAt(defaultLimitMs);
      child.once('error', reject);
      // Its end may be seen before its last message: only then nothing more can come.
      const silent = new Promise((done) => child.once('disconnect', done));
      child.once('exit', (code) => {
        void silent.then(() => {
          clearTimeout(timer);
          reject(new Error(`the planning process ended with ${code}: ${said.trimEnd()}`));
        });
      });
      child.on('message', (reply: PlanningReply | {readonly crash: string} | ChildNote) => {
        if ('note' in reply) {
          if (reply.note === 'reading') {
            reading = reply.file;
          } else {
            clearTimeout(timer);
            timer = limitAt(reply.ms);
          }
          return;
        }
        clearTimeout(timer);
        if ('crash' in reply) {
          reject(new Error(reply.crash));
        } else {
          const talk = said === '' ? [] : [{stream: 'log' as const, level: 0, text: said.trimEnd()}];
          resolve({...reply, messages: [...talk, ...reply.messages]});
        }
      });
      child.send(request);
    });
  } finally {
    if (child.exitCode === null) {
      child.kill('SIGKILL');
    }
  }
}
