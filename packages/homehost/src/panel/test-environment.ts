/** The environment of a test, as `megatest.sh` of its run directory has it (spec execution.md 9.5). Nothing of it is evaluated. */

export type Variable = {readonly name: string; readonly value: string};

const line = /^(?:# )?export ([A-Za-z_]\w*)=(.*)$/;
const secretName = /pass|secret|token|key/i;

/** Those of Megatest first, otherwise by name. A text that only a shell could evaluate stays as it is. */
export function parseEnvironment(text: string): readonly Variable[] {
  return text
    .split('\n')
    .flatMap((each) => {
      const [, name, quoted = ''] = line.exec(each) ?? [];
      return name === undefined ? [] : [{name, value: unquoted(quoted)}];
    })
    .sort((a, b) => rank(a.name) - rank(b.name) || (a.name < b.name ? -1 : 1));
}

/** Whether the value is shown only to who asks for it, and may. */
export function isSecret(name: string): boolean {
  return secretName.test(name);
}

function unquoted(text: string): string {
  const [, dollar, double] = /^(?:\$'(.*)'|"(.*)")$/.exec(text) ?? [];
  if (dollar !== undefined) {
    return dollar.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char));
  }
  return double === undefined ? text : double.replace(/\\(["\\`$])/g, '$1');
}

function rank(name: string): number {
  return name.startsWith('MT_') ? 0 : 1;
}
