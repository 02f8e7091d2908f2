/** What an analysis leaves: the summary on standard output, the HTML report and the `.dat` file (spec logpro.md 10 to 12). */
import type {LineOutcome, RuleResult, Verdict} from './analysis.ts';
import {KINDS} from './rules.ts';

export const VERSION = '2.0.0';
const banner = '==========================LOGPRO SUMMARY==========================';

export function triggerLine(state: Verdict['triggers'][number]): string {
  const {trigger, fired} = state;
  const verdict = trigger.isOptional ? 'OPTIONAL' : fired > 0 ? 'OK' : 'FAIL';
  return `Trigger: ${trigger.name.padEnd(13)} ${verdict.padStart(15)}, count=${fired}`;
}

export function ruleLine(result: RuleResult): string {
  const {rule, hits, isOk, measured, passed, failed} = result;
  const {condition} = rule;
  const patterns = rule.patterns.map(({text}) => text).join(', ');
  const label = KINDS[rule.kind]?.label ?? 'Error';
  const head = `Expect: ${`rule-${rule.number}`.padEnd(6)} ${label.padEnd(8)} ${rule.where.padStart(2)} ${rule.section.padEnd(12)} ${(isOk ? 'OK' : 'FAIL').padStart(4)}`;
  if (condition.type === 'count') {
    return `${head}, expected ${condition.comparison} ${condition.countText} of ${rule.name}, got ${hits}, rx=${patterns}`;
  }
  const limit =
    typeof condition.tolerance === 'number'
      ? `${condition.expectedText} +/- ${condition.toleranceText}`
      : `${condition.toleranceText}  ${condition.expectedText}`;
  return `${head}, expected ${limit} got ${measured}, ${passed} pass, ${failed} fail, rx=${patterns}`;
}

/** Results grouped by section, in summary order. */
export function bySection(
  results: readonly RuleResult[],
): readonly (readonly [section: string, results: readonly RuleResult[]])[] {
  const groups = new Map<string, RuleResult[]>();
  for (const result of results) {
    groups.set(result.rule.section, [...(groups.get(result.rule.section) ?? []), result]);
  }
  return [...groups];
}

export function summaryBanner(): string {
  return banner;
}

export function datText(verdict: Verdict): string {
  const blocks = verdict.results.flatMap((result) => {
    const {rule, isOk, measured, passed, failed} = result;
    const {condition} = rule;
    if (condition.type !== 'value') {
      return [];
    }
    const isNumber = typeof condition.tolerance === 'number';
    return [
      `[rule-${rule.number}]`,
      `operator ${rule.where}`,
      `section ${rule.section}`,
      `desc ${rule.name.replaceAll('\n', ' ')}`,
      `status ${isOk ? 'OK' : 'FAIL'}`,
      `expected ${condition.expectedText}`,
      `measured ${measured}`,
      `type ${isNumber ? '+/-' : condition.toleranceText}`,
      ...(isNumber ? [`tolerance ${condition.toleranceText}`] : []),
      `pass ${passed}`,
      `fail ${failed}`,
      '',
    ];
  });
  const final = ['[final]', `exit-code ${verdict.exitCode}`, `exit-status ${verdict.status}`];
  return `${[...blocks, ...final, ...(verdict.message === undefined ? [] : [`message ${verdict.message}`])].join('\n')}\n`;
}

export function brokenDatText(message: string): string {
  return `[final]\nexit-code 1\nexit-status FAIL\nmessage rules error: ${message.replaceAll('\n', ' ')}\n`;
}

export function htmlHead(): string {
  return `<!DOCTYPE html>
<html><head><meta charset="iso-8859-1"><title>LOGPRO RESULTS</title><link rel="stylesheet" href="logpro_style.css"></head><body>
<p><a href="#summary">Summary</a> <a href="#deciding">First deciding line</a></p>
<p>Processed by logpro, version ${VERSION}</p>
<pre>
`;
}

export function htmlLine(text: string, outcome: LineOutcome, isDeciding: boolean): string {
  const body = escapeHtml(text);
  const anchor = isDeciding ? '<a name="deciding"></a>' : '';
  if (outcome.hit !== undefined) {
    const {rule, count} = outcome.hit;
    const classes = `${rule.kind} ${rule.cssClass}`.trim();
    return `${anchor}<a name="key_${rule.number}_${count}"></a><a href="#key_${rule.number}_${count + 1}" class="${escapeHtml(classes)}">${body}</a>\n`;
  }
  if (outcome.trigger !== undefined) {
    const name = escapeHtml(outcome.trigger);
    return `<a name="${name}"></a><a href="#${name}_table" class="trigger ${name}">${body}</a>\n`;
  }
  return `${body}\n`;
}

export function htmlTail(verdict: Verdict): string {
  const triggers = verdict.triggers
    .map((state) => {
      const name = escapeHtml(state.trigger.name);
      return `<a name="${name}_table" href="#${name}">${escapeHtml(triggerLine(state))}</a>\n`;
    })
    .join('');
  const rows = bySection(verdict.results)
    .map(
      ([section, results]) =>
        `<tr><th colspan="8">Expects for ${escapeHtml(section)} section:</th></tr>\n${results.map(htmlRow).join('')}`,
    )
    .join('');
  return `</pre>
<a name="summary"></a><pre>${banner}
${triggers}</pre>
<table border="1">
<tr><th>RuleNum<th>RuleType<th>Status<th>Comp<th>Count/Val<th>Desc<th>Count<th>Rx</tr>
${rows}</table>
<h1 class="exitcode">EXIT CODE: ${verdict.exitCode} (${verdict.status})</h1>
<script>if (!location.hash && document.getElementsByName('deciding').length > 0) location.replace('#deciding');</script>
</body></html>
`;
}

function htmlRow(result: RuleResult): string {
  const {rule, hits, isOk, measured} = result;
  const {condition} = rule;
  const classes = escapeHtml(`${rule.kind} ${rule.cssClass}`.trim());
  const status = isOk ? '<td>OK</td>' : '<td bgcolor="red">FAIL</td>';
  const patterns = rule.patterns.map(({text}) => text).join(', ');
  const middle =
    condition.type === 'count'
      ? [condition.comparison, condition.countText, rule.name, String(hits)]
      : typeof condition.tolerance === 'number'
        ? [condition.expectedText, '+/-', `${rule.name} ${condition.toleranceText}`, measured]
        : [condition.toleranceText, '', `${rule.name} ${condition.expectedText}`, measured];
  const cells = [...middle, patterns].map((cell) => `<td>${escapeHtml(cell)}</td>`).join('');
  const number = `<a name="key_${rule.number}_${hits + 1}" href="#key_${rule.number}_1">rule-${rule.number}</a>`;
  return `<tr><td class="${classes}">${number}</td><td class="${classes}">${KINDS[rule.kind]?.label ?? 'Error'}</td>${status}${cells}</tr>\n`;
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

export const STYLE_SHEET = `body { background: #f4f4f4; font-family: sans-serif }
pre { background: white; padding: 1ex }
pre a { text-decoration: none; color: inherit; font-weight: bold }
.error { color: crimson } .warning, .required-warn { color: darkgoldenrod } .abort, .check { color: darkred }
.required { color: darkolivegreen } .ignore, .note { color: olivedrab } .trigger { color: navy }
.value { color: teal } .waive { color: darkorange } .skip { color: dimgray } .exitcode { font-size: 120% }
table { border-collapse: collapse } td, th { padding: 2px 6px }
`;
