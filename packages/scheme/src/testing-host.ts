/** For tests: a world in which nothing happens. */
import type {Host} from './host.ts';
import {Interpreter, type InterpreterOptions} from './interpreter.ts';
import {display} from './values.ts';

export function quietHost(env: Record<string, string> = {}, changes: Partial<Host> = {}): Host {
  return {
    getenv: (name) => env[name],
    setenv: (name, value) => {
      if (value === undefined) {
        delete env[name];
      } else {
        env[name] = value;
      }
    },
    print: () => {},
    system: () => 0,
    createDirectory: () => {},
    fileExists: () => false,
    isDirectory: () => false,
    currentDirectory: () => '/here',
    hostName: () => 'nova',
    nowS: () => 0,
    processorCount: () => 4,
    ...changes,
  };
}

/** The value of `code` as `conc` writes it. */
export function interpret(code: string, options: Partial<InterpreterOptions> = {}): string {
  return display(new Interpreter({host: quietHost(), ...options}).evaluate(code));
}
