/** `megatest rpc`: calls a method of the daemon for people and scripts, and with `--follow` goes on printing what it tells. */
import {nearNames, UserError} from '@megatest/model';
import {type DaemonClient, daemonMethods, RpcError} from '@megatest/rpc';
import {type CommandContext, EXIT} from './command.ts';

/** Every method is called alike here: the daemon checks the parameters. */
type AnyMethod = 'server.ping';
type AnyParameters = Record<string, never>;

export async function callMethod(context: CommandContext, method: string, json: string): Promise<number> {
  const params = parse(method, json);
  context.json(await context.session.daemon.call(method as AnyMethod, params));
  return EXIT.ok;
}

/**
 * Prints the answer, then each notification as `{"method", "params"}`. After a lost connection the method is called again; the
 * answer of the next daemon is printed too, for what its notifications count begins anew with it.
 */
export async function followMethod(context: CommandContext, method: string, json: string): Promise<number> {
  const params = parse(method, json);
  const print = (value: unknown) => context.print(`${JSON.stringify(value)}\n`);
  let rev: number | undefined;
  let serverId: string | undefined;
  return await new Promise((_, reject) => {
    const client: DaemonClient = context.session.connectDaemon({
      onNotification: (name, told) => {
        if ('rev' in told) {
          ({rev} = told);
        }
        print({method: name, params: told});
      },
      onConnected: async (welcome, ask) => {
        const since =
          welcome.serverId === serverId && method === 'subscribe' && rev !== undefined ? {since: rev} : {};
        ({serverId} = welcome);
        // A refusal is the caller's mistake, and would be one again.
        await ask(method, {...params, ...since}).then(print, (error: unknown) => {
          if (error instanceof RpcError) {
            client.close();
            reject(error);
          } else {
            throw error;
          }
        });
      },
      onGivenUp: reject,
    });
    client.connect().catch(reject);
  });
}

function parse(method: string, json: string): AnyParameters {
  if (!Object.hasOwn(daemonMethods, method)) {
    const near = nearNames(method, Object.keys(daemonMethods));
    throw new UserError(`the daemon has no method ${method}`, {
      hint:
        near.length > 0
          ? `did you mean ${near.join(' or ')}?`
          : `its methods are ${Object.keys(daemonMethods).join(', ')}`,
      exitCode: EXIT.usage,
    });
  }
  try {
    return JSON.parse(json) as AnyParameters;
  } catch (error) {
    throw new UserError(`the parameters are no JSON: ${error instanceof Error ? error.message : error}`, {
      exitCode: EXIT.usage,
    });
  }
}
