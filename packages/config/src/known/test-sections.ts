/** Sections and keys of a testconfig (spec config.md 16.3). */
import {type KnownSection, key} from './known-key.ts';

const file = 'testconfig';

export const testSections: readonly KnownSection[] = [
  {
    file,
    section: 'setup',
    doc: 'What the test runs.',
    keys: [
      key('runscript', 'command', '', 'Script that runs before the ezsteps.'),
      key('submegatest', 'path', '', 'An area for which the dashboard offers a dashboard.'),
      key('megatestsubarea', 'path', '', 'Older name of submegatest.'),
    ],
  },
  {
    file,
    section: 'ezsteps',
    doc: 'Steps, in this order; each writes STEP.log.',
    keys: [],
    anyKey: key('STEP', 'command', '', 'Command, run by bash; a leading {VAR=a,b} is parsed off and unused.'),
  },
  {
    file,
    section: 'logpro',
    doc: 'Log rules of steps.',
    keys: [],
    anyKey: key('STEP', 'rules', '', 'Written to STEP.logpro when the test has no such file.'),
  },
  {
    file,
    section: 'requirements',
    doc: 'What the test waits for, and its limits.',
    keys: [
      key('waiton', 'words', '', 'Tests that must have ended well before.'),
      key('waitor', 'words', '', 'As waiton, but one of them is enough.'),
      key('mode', 'words', 'normal', 'How it waits: normal, toplevel, itemwait (itemmatch), exclusive.'),
      key('priority', 'number', '0', 'Higher is launched first.'),
      key(
        'retries',
        'text',
        '',
        'How often a failed test is launched again, and the pause before, as in `3 30s`.',
      ),
      key('runtimelim', 'time', '', 'A test that runs longer is killed.'),
      key('itemmap', 'item-map', '', 'From its items to those of all waitons.'),
      key('diskspace', 'text', '', 'Not used.'),
      key('memory', 'text', '', 'Not used.'),
    ],
  },
  {
    file,
    section: 'itemmap',
    doc: 'From the items of the test to those of one waiton.',
    keys: [],
    anyKey: key('TESTPATTERN', 'item-map', '', 'Lines of a regular expression and a replacement.'),
  },
  {
    file,
    section: 'items',
    doc: 'All combinations of the values are items; the last variable varies fastest.',
    keys: [],
    anyKey: key('VAR', 'words', '', 'Values of the variable.'),
  },
  {
    file,
    section: 'itemstable',
    doc: 'Item number i takes the value number i of each variable.',
    keys: [],
    anyKey: key('VAR', 'words', '', 'Values of the variable.'),
  },
  {
    file,
    section: 'skip',
    doc: 'When the test is skipped; only the first of these keys that is present counts.',
    keys: [
      key('prevrunning', 'present', '', 'The same test or item runs anywhere.'),
      key('fileexists', 'path', '', 'The file exists.'),
      key('rundelay', 'time', '', 'It runs, or ended more recently than this.'),
    ],
  },
  {
    file,
    section: 'triggers',
    doc: 'Commands on a change of state.',
    keys: [],
    anyKey: key('STATE/STATUS', 'command', '', 'Run with test id, run directory and trigger as arguments.'),
  },
  {
    file,
    section: 'disks',
    doc: 'Disks of this test, in place of those of megatest.config.',
    keys: [],
    anyKey: key('NAME', 'path', '', 'Directory, with its full path.'),
  },
  {
    file,
    section: 'waivers',
    doc: 'Checks that can turn a failure into WAIVED; all must pass.',
    keys: [],
    anyKey: key('NAME', 'words', '', 'Name of a rule, and a file pattern.'),
  },
  {
    file,
    section: 'waiver_rules',
    doc: 'Commands of waiver checks.',
    keys: [],
    anyKey: key('RULE', 'command', '', 'Command with %file1%, %file2% and %waivername%.'),
  },
  {
    file,
    section: 'pre-launch-env-vars',
    doc: 'Variables, evaluated by a shell, for the steps.',
    keys: [],
    anyKey: key('VAR', 'text', '', 'Value of the variable.'),
  },
  {
    file,
    section: 'pre-launch-env-overrides',
    doc: 'Variables for the launch command only, not evaluated.',
    keys: [],
    anyKey: key('VAR', 'text', '', 'Value of the variable.'),
  },
  {
    file,
    section: 'test_meta',
    doc: 'About the test.',
    keys: [
      key('author', 'text', '', 'Who wrote it.'),
      key('owner', 'text', '', 'Who is responsible.'),
      key('description', 'text', '', 'What it tests.'),
      key('reviewed', 'text', '', 'When it was reviewed, and by whom.'),
      key('tags', 'list', '', 'Tags for -tagexpr.'),
      key('jobgroup', 'text', '', 'Group whose limit in [jobgroups] counts.'),
    ],
    anyKey: key('KEY', 'text', '', 'Kept, not stored.'),
  },
];
