/** Variables of the area, and locks. */
import {type CallHandlers, RpcError, type variablesMethods} from '@megatest/rpc';
import {NamedLocks} from '../named-locks.ts';
import type {HandlerTools} from './handler-tools.ts';

const defaultLockS = 60;
/** What the database knows of itself and its copies. */
const ownNames = ['SYNC_', 'DB_'];

export type VariablesHandlers = CallHandlers<typeof variablesMethods>;

export function variablesHandlers({store, homehost, once, audit, cut}: HandlerTools): VariablesHandlers {
  const locks = new NamedLocks(homehost);
  return {
    'vars.get': ({name}) => store.getMeta(name) ?? null,
    'vars.set': async ({name, value}, context) => {
      refuseOwn(name);
      const kept = cut(context, `the variable ${name}`, value);
      await once(context, () => store.setMeta(name, kept));
      audit(context, `set the variable ${name}`);
      return null;
    },
    'vars.delete': async ({name}, context) => {
      refuseOwn(name);
      const deleted = await once(context, () => store.deleteMeta(name));
      audit(context, `deleted the variable ${name}`);
      return {deleted};
    },
    'locks.acquire': async ({name, ttlS}, {connection}) =>
      await locks.acquire(name, ttlS ?? defaultLockS, connection),
    'locks.release': async ({name}, {connection}) => ({released: await locks.release(name, connection)}),
  };
}

function refuseOwn(name: string): void {
  if (ownNames.some((own) => name.startsWith(own))) {
    throw new RpcError('notAllowed', `${name} is kept by the daemon itself`, {name});
  }
}
