/** What the testconfigs say about themselves. */
import {type CallHandlers, limits, type metaMethods} from '@megatest/rpc';
import type {HandlerTools} from './handler-tools.ts';

export type MetaHandlers = CallHandlers<typeof metaMethods>;

export function metaHandlers({once, audit, paged, cut, store}: HandlerTools): MetaHandlers {
  return {
    'testMeta.upsert': async ({tests}, context) => {
      audit(context, `recorded what ${tests.length} testconfigs say of themselves`);
      return await once(context, () =>
        tests
          .filter(({testName, ...values}) => {
            const given = Object.entries(values).flatMap(([field, value]): [string, string][] =>
              value === undefined ? [] : [[field, cut(context, `${field} of test ${testName}`, value)]],
            );
            return store.meta.update(testName, Object.fromEntries(given)).length > 0;
          })
          .map(({testName}) => testName),
      );
    },
    'testMeta.tags': () => {
      const byTag = new Map<string, string[]>();
      for (const {testName, tags} of store.meta.tags()) {
        // As `-tagexpr` reads them: blanks belong to the tags.
        for (const tag of new Set(tags.split(',').filter((one) => one !== ''))) {
          const names = byTag.get(tag) ?? [];
          names.push(testName);
          byTag.set(tag, names);
        }
      }
      return Object.fromEntries(byTag);
    },
    'testMeta.list': ({cursor}) => paged(() => store.meta.list({cursor, limit: limits.rows})),
  };
}
