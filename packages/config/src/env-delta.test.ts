import {expect, it} from 'vitest';
import {envDelta, printEnvDelta} from './env-delta.ts';
import {TemporaryArea} from './reading-rig.ts';
import {runShell} from './shell.ts';

const before = {PATH: '/bin', GONE: 'x', SAME: '1', OTHER: 'old'};
const after = {PATH: '/opt/x:/bin', SAME: '1', OTHER: "it's $new", ADDED: 'a b'};
const delta = envDelta(before, after);

it('config 17 names what was added, removed and changed, with the later value', () => {
  expect(printEnvDelta(delta, 'bash')).toBe(
    "# Added vars\nexport ADDED='a b'\n# Removed vars\nunset GONE\n# Changed vars\nexport OTHER='it'\\''s $new'\nexport PATH=/opt/x:/bin\n",
  );
  expect(printEnvDelta(delta, 'csh')).toContain("setenv ADDED 'a b'\n");
  expect(printEnvDelta(envDelta(before, before), 'bash')).toBe('');
  expect(() => printEnvDelta(delta, 'json')).toThrow(
    'No dumpmode specified, use -dumpmode [bash|csh|config]',
  );
});

it('config 17 a shell that reads it has the later environment', () => {
  const {stdout} = runShell(`${printEnvDelta(delta, 'bash')}echo "$OTHER|$ADDED|$GONE|$PATH"`, before, '/');
  expect(stdout).toBe("it's $new|a b||/opt/x:/bin\n");
});

it('config 17 a config file that includes it changes the environment of the steps', () => {
  using area = new TemporaryArea();
  area.write('delta.cfg', printEnvDelta(envDelta(before, {...after, OTHER: 'new'}), 'config'));
  const reading = area.read('[pre-launch-env-vars]\n[include delta.cfg]\n', {
    envSections: /pre-launch-env-vars/,
    env: {...before, PATH: '/bin:/usr/bin'},
  });
  expect(reading.env).toEqual({PATH: '/opt/x:/bin:/usr/bin', SAME: '1', OTHER: 'new', ADDED: 'a b'});
});
