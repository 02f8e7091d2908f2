/**
 * The HTML report (spec logpro.md 11): the log with a link on every line that counted, and a table of the rules. It is one file
 * that needs no other: the style sheet beside it only refines what is built in.
 *
 * It is written as the log is read, so what is known at the end only, the verdict, goes into room left free near the top.
 */
import {type DecidingLine, hitAnchor, type LineOutcome, type LogResult, type RuleResult} from './analysis.ts';
import {kindOf, patternText} from './rule-set.ts';
import {bySection, summaryBanner, triggerLine} from './summary.ts';
import {VERSION} from './version.ts';

export const STYLE_SHEET = `body { background: #f4f4f4; font-family: sans-serif }
pre { background: white; padding: 1ex }
pre a { text-decoration: none; color: inherit; font-weight: bold }
.error { color: crimson } .warning, .required-warn { color: darkgoldenrod } .abort, .check { color: darkred }
.required { color: darkolivegreen } .ignore, .note { color: olivedrab } .trigger { color: navy }
.value { color: teal } .waive { color: darkorange } .skip { color: dimgray } .exitcode { font-size: 120% }
table { border-collapse: collapse } td, th { padding: 2px 6px }
:target, :target + a { background: #fff3b0 }
`;

const headBeforeVerdict = `<!DOCTYPE html>
<html><head><meta charset="utf-8"><title>LOGPRO RESULTS</title>
<style>
${STYLE_SHEET}</style>
<link rel="stylesheet" href="logpro_style.css"></head><body>
<p><a href="#summary">Summary</a></p>
<p>`;

/** Where `verdictLine` goes. */
export const verdictOffset = headBeforeVerdict.length;
/** A verdict, two anchors and a line number fit with room to spare. */
const verdictLength = 240;

export function htmlHead(): string {
  return `${headBeforeVerdict}${' '.repeat(verdictLength)}</p>
<p>Processed by logpro, version ${VERSION}</p>
<pre>
`;
}

/** Exactly as long as the room left for it. */
export function verdictLine({status, anchor, deciding}: LogResult): string {
  const [first] = deciding;
  const link = anchor === undefined ? '' : ` <a href="#${anchor}">${linkText(first)}</a>`;
  return `${status}${link}`.padEnd(verdictLength).slice(0, verdictLength);
}

function linkText(first: DecidingLine | undefined): string {
  return first === undefined ? 'Rule that decided' : `First deciding line: ${first.line}`;
}

/** A line that is a hit or fired a trigger. */
export function htmlLine(text: string, outcome: LineOutcome): string {
  const body = escapeText(text);
  if (outcome.hit !== undefined) {
    const {rule, count} = outcome.hit;
    const classes = escapeAttribute(`${rule.kind} ${rule.cssClass}`.trim());
    return `<a name="${hitAnchor(rule, count)}"></a><a href="#${hitAnchor(rule, count + 1)}" class="${classes}">${body}</a>\n`;
  }
  if (outcome.trigger !== undefined) {
    const name = escapeAttribute(outcome.trigger);
    return `<a name="${name}"></a><a href="#${name}_table" class="trigger ${name}">${body}</a>\n`;
  }
  return `${body}\n`;
}

/** Lines that are neither, from `from` to `to`. */
export function htmlLines(block: Buffer, from: number, to: number): Buffer {
  const lines = block.subarray(from, to);
  const needsEscape = lines.includes('&') || lines.includes('<') || lines.includes('>');
  return needsEscape ? Buffer.from(escapeText(lines.toString('latin1')), 'latin1') : lines;
}

export function htmlTail(result: LogResult): string {
  const triggers = result.triggers
    .map((state) => {
      const name = escapeAttribute(state.trigger.name);
      return `<a name="${name}_table" href="#${name}">${escapeText(triggerLine(state))}</a>\n`;
    })
    .join('');
  const rows = bySection(result.rules)
    .map(
      ([section, rules]) =>
        `<tr><th colspan="8">Expects for ${escapeText(section)} section:</th></tr>\n${rules.map(row).join('')}`,
    )
    .join('');
  const columns = ['RuleNum', 'RuleType', 'Status', 'Comp', 'Count/Val', 'Desc', 'Count', 'Rx'];
  return `<a name="summary"></a>
${summaryBanner}
${triggers}</pre>
<table border="1">
<tr>${columns.map((column) => `<th>${column}</th>`).join('')}</tr>
${rows}</table>
<h1 class="exitcode">EXIT CODE: ${result.exitCode} (${result.status})</h1>
${result.anchor === undefined ? '' : opensAt(result.anchor)}</body></html>
`;
}

/** The report of rules that cannot be used. */
export function htmlBroken(message: string): string {
  return `${htmlHead()}${escapeText(message)}</pre></body></html>\n`;
}

/** A link to another place of the report wins. */
function opensAt(anchor: string): string {
  return `<script>if (!location.hash) location.replace('#${anchor}');</script>\n`;
}

function row(result: RuleResult): string {
  const {rule, hits, isOk, measured, hitsOfNumber} = result;
  const {condition} = rule;
  const classes = escapeAttribute(`${rule.kind} ${rule.cssClass}`.trim());
  const status = isOk ? '<td>OK</td>' : '<td bgcolor="red">FAIL</td>';
  const middle =
    condition.type === 'count'
      ? [condition.comparison, condition.countText, rule.name, String(hits)]
      : typeof condition.tolerance === 'number'
        ? [condition.expectedText, '+/-', `${rule.name} ${condition.toleranceText}`, measured]
        : [condition.toleranceText, '', `${rule.name} ${condition.expectedText}`, measured];
  const cells = [...middle, patternText(rule)].map((cell) => `<td>${escapeText(cell)}</td>`).join('');
  const number = `<a name="${hitAnchor(rule, hitsOfNumber + 1)}"></a><a href="#${hitAnchor(rule, 1)}">rule-${rule.number}</a>`;
  return `<tr><td class="${classes}">${number}</td><td class="${classes}">${kindOf(rule.kind).label}</td>${status}${cells}</tr>\n`;
}

const entities: Readonly<Record<string, string>> = {'&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;'};

function escapeText(text: string): string {
  return text.replace(/[&<>]/g, (char) => entities[char] ?? char);
}

function escapeAttribute(text: string): string {
  return text.replace(/[&<>"]/g, (char) => entities[char] ?? char);
}
