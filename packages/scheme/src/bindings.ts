/** The parts of forms that bind names. */
import {SchemeError} from './scheme-error.ts';
import {itemsOf, SchemeSymbol, unspecified, type Value} from './values.ts';

/** The name that must stand there. */
export function nameOf(form: Value | undefined, who: string): string {
  if (!(form instanceof SchemeSymbol)) {
    throw new SchemeError(`${who}: a name is wanted`);
  }
  return form.name;
}

/** The parts of a binding `(name value)`; a bare name has no value. */
export function bindingsOf(form: Value | undefined, who: string): readonly {name: string; value: Value}[] {
  const bindings = itemsOf(form);
  if (bindings === undefined) {
    throw new SchemeError(`${who}: a list of bindings is wanted`);
  }
  return bindings.map((binding) => {
    const [name, value = unspecified] = itemsOf(binding) ?? [binding];
    return {name: nameOf(name, `${who}: a binding`), value};
  });
}
