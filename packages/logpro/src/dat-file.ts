/** The `.dat` file, from which the values of a step go into the database (spec logpro.md 12). */
import type {LogResult, RuleResult} from './analysis.ts';

export function datText(result: LogResult): string {
  const message = result.message === undefined ? '' : `message ${inOneLine(result.message)}\n`;
  return `${result.rules.map(valueBlock).join('')}${finalBlock(result.exitCode, result.status)}${message}`;
}

export function brokenDatText(message: string): string {
  return `${finalBlock(1, 'FAIL')}message rules error: ${inOneLine(message)}\n`;
}

function valueBlock({rule, isOk, measured, passed, failed}: RuleResult): string {
  const {condition} = rule;
  if (condition.type !== 'value') {
    return '';
  }
  const isNumber = typeof condition.tolerance === 'number';
  return [
    `[rule-${rule.number}]`,
    `operator ${rule.where}`,
    `section ${inOneLine(rule.section)}`,
    `desc ${inOneLine(rule.name)}`,
    `status ${isOk ? 'OK' : 'FAIL'}`,
    `expected ${condition.expectedText}`,
    `measured ${measured}`,
    `type ${isNumber ? '+/-' : condition.toleranceText}`,
    ...(isNumber ? [`tolerance ${condition.toleranceText}`] : []),
    `pass ${passed}`,
    `fail ${failed}`,
    '\n',
  ].join('\n');
}

function finalBlock(exitCode: number, status: string): string {
  return `[final]\nexit-code ${exitCode}\nexit-status ${status}\n`;
}

function inOneLine(text: string): string {
  return text.replace(/[\r\n]/g, ' ');
}
