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

/** Of many conditions a balanced tree: SQLite refuses expressions of a depth over 1000, which a plain chain of them has. */
function any(conditions: readonly Condition[]): Condition {
  const [first, second, ...others] = conditions;
  if (first === undefined) {
    return {sql: '0', values: []};
  }
  if (second === undefined) {
    return first;
  }
  const half = Math.ceil(conditions.length / 2);
  const [left, right] =
    others.length === 0 ? [first, second] : [any(conditions.slice(0, half)), any(conditions.slice(half))];
  return {sql: `(${left.sql} OR ${right.sql})`, values: [...left.values, ...right.values]};
}

export function all(conditions: readonly (Condition | undefined)[]): Condition {
  const present = conditions.filter((condition) => condition !== undefined);
  return {
    sql: present.length === 0 ? '1' : present.map((condition) => condition.sql).join(' AND '),
    values: present.flatMap((condition) => condition.values),
  };
}
