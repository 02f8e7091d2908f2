/** What touches the world, all of it through the host (spec scheme.md 3.3, 3.4). */
import type {Host} from '../host.ts';
import {Input} from '../input.ts';
import type {Machine} from '../machine.ts';
import {SchemeError} from '../scheme-error.ts';
import {display, endOfFile, listOf, unspecified, type Value, write} from '../values.ts';
import {type Implementation, number, type ProcedureTable, text} from './arguments.ts';
import {readJson} from './json.ts';

/** `standardInput` is what is read when no file is named. */
export function world(machine: Machine, host: Host, standardInput: Input): ProcedureTable {
  const getenv: Implementation = ([name]) => host.getenv(text(name, 'getenv')) ?? false;
  const nicePath: Implementation = ([path]) => normalise(text(path, 'nice-path'), host.currentDirectory());
  const written = (show: (value: Value) => string): Implementation => {
    return ([value = '']) => {
      host.print(show(value));
      return unspecified;
    };
  };
  return {
    getenv,
    'get-environment-variable': getenv,
    setenv: ([name, value]) => {
      host.setenv(text(name, 'setenv'), display(value ?? ''));
      return unspecified;
    },
    unsetenv: ([name]) => {
      host.setenv(text(name, 'unsetenv'), undefined);
      return unspecified;
    },
    print: (args) => {
      host.print(`${args.map(display).join('')}\n`);
      return unspecified;
    },
    display: written(display),
    write: written(write),
    pp: written((value) => `${write(value)}\n`),
    newline: () => {
      host.print('\n');
      return unspecified;
    },
    'current-error-port': () => unspecified,
    'current-output-port': () => unspecified,
    'flush-output': () => unspecified,
    system: ([command]) => host.system(text(command, 'system')),
    'create-directory': ([path, withParents = false]) => {
      const directory = text(path, 'create-directory');
      host.createDirectory(directory, withParents !== false);
      return directory;
    },
    'file-exists?': ([path]) => host.fileExists(text(path, 'file-exists?')),
    'file-read-access?': ([path]) => host.fileExists(text(path, 'file-read-access?')),
    'directory?': ([path]) => host.isDirectory(text(path, 'directory?')),
    'directory-exists?': ([path]) => host.isDirectory(text(path, 'directory-exists?')),
    'delete-file': ([path]) => {
      allowed(host.deleteFile, 'delete-file')(text(path, 'delete-file'));
      return unspecified;
    },
    glob: (args) => listOf(args.flatMap((pattern) => [...allowed(host.glob, 'glob')(text(pattern, 'glob'))])),
    'current-directory': () => host.currentDirectory(),
    'current-user-name': () => allowed(host.userName, 'current-user-name')(),
    'get-host-name': () => host.hostName(),
    'current-seconds': () => host.nowS(),
    'thread-sleep!': ([seconds]) => {
      allowed(host.sleep, 'thread-sleep!')(number(seconds, 'thread-sleep!'));
      return unspecified;
    },
    'common:get-num-cpus': () => host.processorCount(),
    'nice-path': nicePath,
    'common:nice-path': nicePath,
    'pathname-directory': ([path]) => {
      const whole = text(path, 'pathname-directory');
      const slash = whole.lastIndexOf('/');
      return slash < 0 ? false : whole.slice(0, Math.max(1, slash));
    },
    'pathname-file': ([path]) => {
      const name = text(path, 'pathname-file').replace(/^.*\//s, '');
      return name === '' ? false : name.replace(/(.)\.[^.]*$/, '$1');
    },
    'pathname-strip-directory': ([path]) => text(path, 'pathname-strip-directory').replace(/^.*\//s, ''),
    'env:min-path': (args) => {
      const parts = args.flatMap((arg) => text(arg, 'env:min-path').split(':'));
      return [...new Set(parts)].join(':');
    },
    ...reading(machine, host, standardInput),
  };
}

function reading(machine: Machine, host: Host, standardInput: Input): ProcedureTable {
  let input = standardInput;
  const current = (who: string): Input => {
    if (input === standardInput) {
      allowed(host.readInput, who);
    }
    return input;
  };
  const within = (content: string, thunk: Value | undefined): Value => {
    const before = input;
    input = new Input(content);
    try {
      return machine.call(thunk, []);
    } finally {
      input = before;
    }
  };
  return {
    'with-input-from-file': ([path, thunk]) =>
      within(allowed(host.readFile, 'with-input-from-file')(text(path, 'with-input-from-file')), thunk),
    'with-input-from-pipe': ([command, thunk]) =>
      within(allowed(host.readCommand, 'with-input-from-pipe')(text(command, 'with-input-from-pipe')), thunk),
    'read-line': () => current('read-line').nextLine() ?? endOfFile,
    'read-lines': ([path]) => {
      const from: Input =
        path === undefined
          ? current('read-lines')
          : new Input(allowed(host.readFile, 'read-lines')(text(path, 'read-lines')));
      const lines: string[] = [];
      for (let line = from.nextLine(); line !== undefined; line = from.nextLine()) {
        lines.push(line);
      }
      machine.allocate(lines.length);
      return listOf(lines);
    },
    read: () => current('read').nextForm()?.form ?? endOfFile,
    'json-read': () => readJson(current('json-read').nextJson()),
    'eof-object?': ([value]) => value === endOfFile,
  };
}

function allowed<T>(capability: T | undefined, who: string): T {
  if (capability === undefined) {
    throw new SchemeError(`${who} is not allowed here`);
  }
  return capability;
}

/** Absolute, without `.`, `..` and double slashes; links are not followed. */
function normalise(path: string, directory: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith('/') ? path : `${directory}/${path}`).split('/')) {
    if (part === '..') {
      parts.pop();
    } else if (part !== '' && part !== '.') {
      parts.push(part);
    }
  }
  return `/${parts.join('/')}`;
}
