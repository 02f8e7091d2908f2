/** What kind of line a logical line is, once its helpers are expanded (spec config.md 2.2). */

export type ConfigLine =
  | {readonly kind: 'comment'}
  | {readonly kind: 'setting'; readonly name: string; readonly value: string}
  | {readonly kind: 'include'; readonly path: string}
  | {readonly kind: 'script'; readonly script: string; readonly args: string}
  | {readonly kind: 'section'; readonly name: string}
  | {readonly kind: 'command'; readonly key: string; readonly command: string; readonly valueAt: number}
  | {readonly kind: 'entry'; readonly key: string; readonly value: string; readonly valueAt: number}
  | {readonly kind: 'indented'; readonly indent: string; readonly text: string}
  | {readonly kind: 'unparsable'};

const settingLine = /^\[configf:settings[ \t]+(\S+)[ \t]+(.*)\][ \t]*$/;
const includeLine = /^\[include[ \t]+(.*)\][ \t]*$/;
const scriptLine = /^\[scriptinc[ \t]+([^\s\]]+)([^\]]*)\][ \t]*$/;
const sectionLine = /^\[(.*)\][ \t]*$/;
const commandValue = /^\[system[ \t]+(.*)\][ \t]*$/;

const comment: ConfigLine = {kind: 'comment'};
const unparsable: ConfigLine = {kind: 'unparsable'};

/** The first match of the table of config.md 2.2. A blank line counts as a comment: both end a multi-line value. */
export function classifyLine(line: string): ConfigLine {
  const start = skipBlanks(line, 0);
  if (start === line.length || line[start] === '#') {
    return comment;
  }
  if (start > 0) {
    return {kind: 'indented', indent: line.slice(0, start), text: line.slice(start)};
  }
  if (line[0] === '[') {
    const header = classifyHeader(line);
    if (header !== undefined) {
      return header;
    }
  }
  const keyEnd = endOfKey(line);
  if (keyEnd === undefined) {
    return unparsable;
  }
  const key = line.slice(0, keyEnd);
  const valueAt = skipBlanks(line, keyEnd);
  if (valueAt === line.length) {
    return {kind: 'entry', key, value: line.slice(keyEnd), valueAt};
  }
  if (line.startsWith('[system', valueAt)) {
    const command = commandValue.exec(line.slice(valueAt));
    if (command !== null) {
      return {kind: 'command', key, command: command[1] ?? '', valueAt};
    }
  }
  return {kind: 'entry', key, value: line.slice(valueAt), valueAt};
}

function classifyHeader(line: string): ConfigLine | undefined {
  const setting = settingLine.exec(line);
  if (setting !== null) {
    return {kind: 'setting', name: setting[1] ?? '', value: setting[2] ?? ''};
  }
  const include = includeLine.exec(line);
  if (include !== null) {
    return {kind: 'include', path: include[1] ?? ''};
  }
  const script = scriptLine.exec(line);
  if (script !== null) {
    return {kind: 'script', script: script[1] ?? '', args: script[2] ?? ''};
  }
  const section = sectionLine.exec(line);
  return section === null ? undefined : {kind: 'section', name: section[1] ?? ''};
}

/** Offset of the first blank; `undefined` when a line break (from a helper's result) stands in the key. */
function endOfKey(line: string): number | undefined {
  for (let at = 0; at < line.length; at += 1) {
    const code = line.charCodeAt(at);
    if (code === 32 || code === 9) {
      return at;
    }
    if (code === 10) {
      return undefined;
    }
  }
  return line.length;
}

function skipBlanks(line: string, from: number): number {
  let at = from;
  while (at < line.length && (line.charCodeAt(at) === 32 || line.charCodeAt(at) === 9)) {
    at += 1;
  }
  return at;
}
