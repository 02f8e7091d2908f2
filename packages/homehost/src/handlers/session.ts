/** The daemon about itself, its sessions and its copies. */
import {type CallHandlers, RpcError, type sessionMethods} from '@megatest/rpc';
import {clean, importRows} from '@megatest/store';
import type {HandlerTools} from './handler-tools.ts';

/** The login is the server's own business. */
export type SessionHandlers = CallHandlers<
  Omit<typeof sessionMethods, 'server.hello' | 'server.login' | 'server.ping'>
>;

export function sessionHandlers(tools: HandlerTools): SessionHandlers {
  const {once, audit, store, homehost, world} = tools;
  return {
    'server.status': () => world.serverStatus(),
    'server.doctor': async (_, {connection}) => await world.doctor(connection),
    'server.sessionToken': (_, {connection}) => world.sessionToken(connection),
    'server.loginLink': ({path}, {connection}) => world.loginLink(connection, path),
    'server.shutdown': ({reason}, context) => {
      audit(context, `asked the daemon to leave: ${reason}`);
      setImmediate(() => world.shutdown(reason));
      return {flushed: true};
    },
    'sync.flush': async ({full}, {connection}) => {
      if (full === true && connection.role !== 'operator') {
        throw new RpcError('notAllowed', 'to overwrite megatest.db needs the read-write key', {
          role: connection.role,
          needed: 'operator',
        });
      }
      return await world.barrier(full);
    },
    'db.cleanup': async (_, context) => {
      audit(context, 'cleaned up the database');
      return await once(context, () => {
        const counts = clean(store.db, homehost.nowS());
        store.invalidate();
        return counts;
      });
    },
    'sync.import': async ({rows}, context) => {
      const {testIds, ...outcome} = await once(context, () => {
        const imported = importRows(store.db, rows, homehost.nowS());
        store.invalidate();
        return imported;
      });
      audit(context, `handed over ${rows.length} rows, of which ${outcome.taken} were taken`);
      homehost.takeForeign(testIds);
      return outcome;
    },
    'sync.status': () => world.syncStatus(),
  };
}
