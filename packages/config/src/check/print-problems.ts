/** Problems as text, the way a compiler prints them, and as JSON. */
import {relative} from 'node:path';
import {type Place, printUserError, UserError} from '@megatest/model';
import {PROBLEM_KINDS, type Problem, type Severity} from './problem.ts';

/** `file:line:column: severity: message [code]`, the line, a caret, a hint; then how many there are of each severity. */
export function printProblems(problems: readonly Problem[], relativeTo?: string): string {
  const shown = problems.map(({severity, message, code, place, hint}) =>
    printUserError(
      new UserError(`${severity}: ${message} [${code}]`, {
        place: relativePlace(place, relativeTo),
        ...(hint === undefined ? {} : {hint}),
      }),
    ),
  );
  return `${shown.join('')}${summary(problems)}\n`;
}

function summary(problems: readonly Problem[]): string {
  const count = (severity: Severity) => problems.filter((problem) => problem.severity === severity).length;
  const parts = (['error', 'warning', 'note'] as const)
    .map((severity) => [severity, count(severity)] as const)
    .filter(([, number]) => number > 0)
    .map(([severity, number]) => `${number} ${severity}${number === 1 ? '' : 's'}`);
  return parts.length === 0 ? 'no problems found' : parts.join(', ');
}

export function problemsJson(problems: readonly Problem[], relativeTo?: string): string {
  const rows = problems.map(({place, ...problem}) => ({...problem, ...relativePlace(place, relativeTo)}));
  return `${JSON.stringify(rows, null, 2)}\n`;
}

/** SARIF 2.1.0, which editors and code review tools show beside the lines. */
export function problemsSarif(problems: readonly Problem[], version: string, relativeTo?: string): string {
  const codes = Object.keys(PROBLEM_KINDS);
  const rules = Object.entries(PROBLEM_KINDS).map(([id, {severity, doc}]) => ({
    id,
    shortDescription: {text: doc},
    defaultConfiguration: {level: severity},
  }));
  const results = problems.map(({code, severity, message, place, hint}) => ({
    ruleId: code,
    ruleIndex: codes.indexOf(code),
    level: severity,
    message: {text: hint === undefined ? message : `${message}; ${hint}`},
    locations: [{physicalLocation: physicalLocation(relativePlace(place, relativeTo))}],
  }));
  const driver = {name: 'megatest config check', version, rules};
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [{tool: {driver}, columnKind: 'utf16CodeUnits', results}],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function physicalLocation({file, line, column, lineText}: Place): object {
  const uri = file.split('/').map(encodeURIComponent).join('/');
  const region = {
    startLine: line,
    ...(column === undefined ? {} : {startColumn: column}),
    ...(lineText === undefined ? {} : {snippet: {text: lineText}}),
  };
  return {artifactLocation: {uri}, ...(line === undefined ? {} : {region})};
}

function relativePlace(place: Place, relativeTo: string | undefined): Place {
  if (relativeTo === undefined) {
    return place;
  }
  const file = relative(relativeTo, place.file);
  return file.startsWith('..') ? place : {...place, file};
}
