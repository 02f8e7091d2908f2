/** What the pages in run directories have in common. */

const colours: Readonly<Record<string, string>> = {
  PASS: 'green',
  FAIL: 'red',
  WARN: 'orange',
  KILLED: 'orange',
  ABORT: 'brown',
};

export function statusColour(status: string): string {
  return colours[status] ?? 'black';
}

export function escapeText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
