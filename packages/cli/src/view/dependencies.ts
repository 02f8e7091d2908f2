/** The graph of what waits for what, as a table and for Graphviz. */
import {label, upstreamOrder} from '@megatest/model';
import type {DependencyGraph, DependencyNode} from '@megatest/rpc';

/** Tests stand after what they wait for. */
export function dependencyRows({nodes, edges}: DependencyGraph): readonly (readonly string[])[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const waitons = new Map<string, DependencyGraph['edges'][number][]>();
  for (const edge of edges) {
    const [, to] = edge;
    const before = waitons.get(to) ?? [];
    before.push(edge);
    waitons.set(to, before);
  }
  const waitonsOf = (name: string) => waitons.get(name) ?? [];
  const order = upstreamOrder(byName.keys(), (name) => waitonsOf(name).map(([from]) => from));
  return order.flatMap((name) => {
    const node = byName.get(name);
    return node === undefined
      ? []
      : [[name, itemsOf(node), waitonsOf(name).map(waitonText).join(', ') || '-', results(node)]];
  });
}

export function dependencyDot({nodes, edges}: DependencyGraph): string {
  const quote = (text: string) => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  const lines = [
    ...nodes.map((node) => {
      const about = [itemsOf(node), results(node)].filter((part) => part !== '' && part !== '-');
      const text = [node.name, ...about].map((part) => quote(part).slice(1, -1)).join('\\n');
      return `  ${quote(node.name)} [label="${text}"${node.missing ? ', style=dashed, color=red' : ''}];`;
    }),
    ...edges.map(
      ([from, to, kind]) => `  ${quote(from)} -> ${quote(to)}${kind === 'itemmap' ? ' [style=dashed]' : ''};`,
    ),
  ];
  return ['digraph tests {', '  rankdir=LR;', '  node [shape=box];', ...lines, '}', ''].join('\n');
}

function itemsOf({items, missing, isDynamic}: DependencyNode): string {
  if (missing) {
    return 'missing';
  }
  const count = items === null ? 'known later' : items === 0 ? '-' : String(items);
  return isDynamic ? `${count}, waitons known later` : count;
}

function waitonText([from, , kind]: DependencyGraph['edges'][number]): string {
  return kind === 'itemmap' ? `${from} (by item map)` : from;
}

/** Such as `3 PASS, 1 FAIL`. */
function results({stateCounts = []}: DependencyNode): string {
  const counts = new Map<string, number>();
  for (const {state, status, count} of stateCounts) {
    const word = label(state, status);
    counts.set(word, (counts.get(word) ?? 0) + count);
  }
  return [...counts].map(([word, count]) => `${count} ${word}`).join(', ');
}
