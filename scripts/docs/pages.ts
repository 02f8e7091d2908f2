/** The pages of the manual that are made from tables in the source, so that they cannot tell anything else than the program does. */
import {referenceMarkdown} from '@megatest/config';
import {COMPARISON_COLOURS, colour, isGood, STATES, STATUSES} from '@megatest/model';
import {daemonMethods, daemonNotifications, type MethodTable, RPC_CODES} from '@megatest/rpc';
import type {ZodType} from 'zod';

/** Path below `docs/` to text. */
export function generatedPages(): ReadonlyMap<string, string> {
  return new Map([
    ['reference/configuration.md', referenceMarkdown()],
    ['reference/states.md', statesPage()],
    ['rpc.md', rpcPage()],
  ]);
}

function statesPage(): string {
  const states = STATES.map(({name, rank, kind, meaning}) => `| ${name} | ${kind} | ${rank} | ${meaning} |`);
  const statuses = STATUSES.map(({name, rank, isGood: good, meaning}) => {
    const background = colour('COMPLETED', name).background;
    return `| ${name} | ${good ? 'yes' : 'no'} | ${rank} | ${background} | ${meaning} |`;
  });
  const compared = COMPARISON_COLOURS.map(
    ({state, statuses, background}) => `| ${state} | ${statuses?.join(', ') ?? 'any'} | ${background} |`,
  );
  const good = STATUSES.filter(({name}) => isGood('COMPLETED', name)).map(({name}) => name);
  return `# States and statuses

*This page is made from the source (\`npm run docs\`).*

Every test has a state (where it is in its life) and a status (what came out of it). Both are free text: a test may set others, and
they are stored and shown as they are.

A test that waits for another one in mode \`normal\` goes when that one is COMPLETED with one of ${good.join(', ')}. The state and status of
a test with items follow from its items: anything that is still moving wins over what has ended, and among ended items the higher
rank of the status wins.

## States

| State | Kind | Rank | Meaning |
|---|---|---|---|
${states.join('\n')}

Kinds: a *waiting* test has not been launched; a *running* one takes a slot of the limits; an *ending* one is being killed; a *busy*
one has its directory cleaned or removed; an *ended* one stays as it is until somebody runs it again; what is *gone* is not shown.

## Statuses

| Status | Good for dependants | Rank | Colour | Meaning |
|---|---|---|---|---|
${statuses.join('\n')}

## Comparisons of two runs

\`CLEAN\`: both ended with the same status; \`DIRTY-WORSE\` and \`DIRTY-BETTER\`: the later status is worse or not; \`DIFF-NEW\`,
\`DIFF-MISSING\`: only the later or only the earlier run has a result; \`BOTH-BAD\`: neither has. From good to bad, statuses are PASS, WARN,
WAIVED, SKIP, FAIL, ABORT, and then all others.

| Comparison | Status | Colour |
|---|---|---|
${compared.join('\n')}
`;
}

function rpcPage(): string {
  const methods: MethodTable = daemonMethods;
  const rows = Object.entries(methods).map(([name, {kind, needs, doc, params}]) => {
    const role = kind === 'write' || needs === 'operator' ? 'operator' : 'viewer';
    return `| ${name} | ${kind} | ${role} | ${namesIn(params)} | ${doc} |`;
  });
  const notifications = Object.entries(daemonNotifications).map(
    ([name, params]) => `| ${name} | ${namesIn(params)} | ${params.description} |`,
  );
  const codes = Object.entries(RPC_CODES).map(([name, code]) => `| ${code} | ${name} |`);
  return `# Remote methods

*This page is made from the source (\`npm run docs\`).*

JSON-RPC 2.0 over a WebSocket at \`/rpc\`, or one request in a \`POST /rpc\` with the token of \`server.sessionToken\`. A browser that
has used a link of \`server.loginLink\` does both with its cookie ([security](security.md#browsers)). People call a method with
\`megatest rpc METHOD PARAMETERS\`.

| Method | Kind | Role | Parameters | What it does |
|---|---|---|---|---|
${rows.join('\n')}

A *read* sees all earlier writes of its connection; a *write* takes effect once, however often it is sent; a *long* one is answered
when something has happened, and keeps nobody waiting. Parameters with \`?\` may be left out.

## Notifications

What the daemon tells over a WebSocket without being asked each time. One that is missed never matters: each has a method that asks
for the same. \`megatest rpc METHOD PARAMETERS --follow\` prints them.

| Notification | Parameters | What it says |
|---|---|---|
${notifications.join('\n')}

\`subscribe\` names topics: \`changes\` (all tests and runs), \`run:ID\` (a run and its tests), \`test:ID\`, \`runners\`, \`jobs\`,
\`job:ID\`, \`grid:ID\`, \`mode\`. \`changed\` and \`grid.changed\` come
at most four times a second, merged. Its \`rev\` counts the committed changes since the daemon's start; who finds a \`prev\` that is not its last
\`rev\`, or another \`serverId\` at the login, reads again what it shows.

## Views

A *code* says what is shown of a test: its place in \`palette\`, counted from 1; 0 is no test. Codes mean the same in \`changed\`, in grids and in
all other views for as long as the daemon stays. \`filter\` is \`{keys, runName, q, states, statuses, show}\`, each of which may be left out: \`keys\`
(by the name of the key), \`runName\` and \`q\` (\`test\`, \`test/\`, \`test/item\`) are comma lists of patterns, one of which must match; a pattern
with \`%\` ignores case, another may have \`*\`, \`?\` and \`[...]\`, and a leading \`~\` means all else. Tests with one of \`states\` or \`statuses\` are
hidden, or with \`show\` shown alone; when both are given, what is COMPLETED goes by its status and all else by its state.

A grid belongs to the connection that has opened it. While its runs are read for the first time \`pending\` of them are not there wholly; what is
there is shown. \`rev\` in an answer says that every change up to it is in it.

## Errors

| Code | Name |
|---|---|
${codes.join('\n')}
`;
}

/** The names of parameters; `?` where one may be left out. */
function namesIn(params: unknown): string {
  const {shape} = params as {readonly shape: Readonly<Record<string, ZodType>>};
  const names = Object.entries(shape).map(
    ([name, type]) => `\`${name}${type.safeParse(undefined).success ? '?' : ''}\``,
  );
  return names.join(', ') || '-';
}
