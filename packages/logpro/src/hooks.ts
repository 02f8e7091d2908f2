/** The commands that rules run when they hit, and at the end for values (spec logpro.md 7). */
import type {Captured} from './log-pattern.ts';
import type {Hook, Rule} from './rule-set.ts';

/** A command to run, with the line that announces it. */
export type HookCall = {readonly announcement: string; readonly command: string};

/** Hooks by name; one that is to run once is gone after its first call, for all rules. */
export class Hooks {
  readonly #hooks: Map<string, Hook>;

  constructor(hooks: ReadonlyMap<string, Hook>) {
    this.#hooks = new Map(hooks);
  }

  /** What `rule` runs when it hits `line`. */
  atHit(rule: Rule, line: string, found: Captured): HookCall | undefined {
    const hook = this.#hooks.get(rule.hook);
    if (hook === undefined || (rule.condition.type === 'value' && needsEnd(hook))) {
      return undefined;
    }
    this.#use(rule.hook, hook);
    const groups = found.slice(1).map((group, index): [string, string] => [`m${index + 1}`, group ?? '']);
    const command = substitute(hook.command, new Map([['msg', line], ['line', found[0] ?? ''], ...groups]));
    return {announcement: `${rule.kind === 'error' ? 'ERRMSG' : 'NONERR'} HOOK CALLED: ${command}`, command};
  }

  /** What a value rule runs at the end with its last measured number. */
  atEnd(rule: Rule, measured: string): HookCall | undefined {
    const hook = this.#hooks.get(rule.hook);
    if (rule.condition.type !== 'value' || hook === undefined || !needsEnd(hook)) {
      return undefined;
    }
    this.#use(rule.hook, hook);
    const command = substitute(
      hook.command,
      new Map([
        ['measured', measured],
        ['expected', rule.condition.expectedText],
        ['tolerance', rule.condition.toleranceText],
        ['message', rule.name],
      ]),
    );
    return {announcement: `VALUE HOOK CALLED: ${command}`, command};
  }

  #use(name: string, hook: Hook): void {
    if (hook.isOneTime) {
      this.#hooks.delete(name);
    }
  }
}

function needsEnd(hook: Hook): boolean {
  return /#\{(escaped )?(measured|expected|tolerance|message)\}/.test(hook.command);
}

/** One pass: place-holders inside inserted text are left alone, and so are unknown ones. */
export function substitute(command: string, values: ReadonlyMap<string, string>): string {
  return command.replace(/#\{(escaped )?(\w+)\}/g, (whole, escaped: string | undefined, name: string) => {
    const value = values.get(name);
    if (value === undefined) {
      return whole;
    }
    return escaped === undefined ? value : `'${value.replaceAll("'", "'\\''")}'`;
  });
}
