/**
 * Patterns of commands that work on stored rows, as SQL (spec runs.md 2.3): LIKE where a part contains `%`, else GLOB. Values
 * are always bound.
 */

export type Condition = {readonly sql: string; readonly values: readonly (string | number)[]};

export function matchColumn(column: string, pattern: string): Condition {
  return {sql: `${column} ${pattern.includes('%') ? 'LIKE' : 'GLOB'} ?`, values: [pattern]};
}

/** A comma list of patterns, one of which must match. */
export function matchColumnAny(column: string, patterns: string | undefined): Condition | undefined {
  if (patterns === undefined) {
    return undefined;
  }
  return any(patterns.split(',').map((pattern) => matchColumn(column, pattern)));
}

/** A comma list of `test` or `test/item`; `undefined` and the empty text mean no filter. */
export function matchTests(testPatt: string | undefined): Condition | undefined {
  const members = [...new Set((testPatt ?? '').split(','))].filter((member) => member !== '');
  if (members.length === 0 || members.includes('%')) {
    return undefined;
  }
  const conditions = members.map((member) => {
    const slash = member.indexOf('/');
    const name = matchColumn('testname', slash < 0 ? member : member.slice(0, slash));
    if (slash < 0) {
      return name;
    }
    const item = matchColumn('item_path', member.slice(slash + 1));
    return {sql: `(${name.sql} AND ${item.sql})`, values: [...name.values, ...item.values]};
  });
  return any(conditions);
}

/** Exact members of a list; `undefined` for an empty one. */
export function matchList(column: string, members: readonly string[] | undefined): Condition | undefined {
  if (members === undefined || members.length === 0) {
    return undefined;
  }
  return {sql: `${column} IN (${members.map(() => '?').join(', ')})`, values: members};
}

/** A chain of so many conditions is far from the depth of 1000 at which SQLite refuses an expression. */
const longestChain = 100;

/** Many are a chain of chains. */
function any(conditions: readonly Condition[]): Condition {
  if (conditions.length > longestChain) {
    const chains: Condition[] = [];
    for (let begin = 0; begin < conditions.length; begin += longestChain) {
      chains.push(any(conditions.slice(begin, begin + longestChain)));
    }
    return any(chains);
  }
  return {
    sql: `(${conditions.map((condition) => condition.sql).join(' OR ')})`,
    values: conditions.flatMap((condition) => condition.values),
  };
}

export function all(conditions: readonly (Condition | undefined)[]): Condition {
  const present = conditions.filter((condition) => condition !== undefined);
  return {
    sql: present.length === 0 ? '1' : present.map((condition) => condition.sql).join(' AND '),
    values: present.flatMap((condition) => condition.values),
  };
}
