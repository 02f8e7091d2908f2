import {describe, expect, it, vi} from 'vitest';
import {printPlace, printUserError, UserError} from './user-error.ts';

describe('a user error', () => {
  it('is printed like a compiler message: place, sentence, line, caret, hint', () => {
    const error = new UserError('waiton names no test: "ad"', {
      place: {file: 'tests/add/testconfig', line: 12, column: 9, lineText: '\twaiton  ad'},
      hint: 'did you mean "add"?',
    });
    expect(printUserError(error)).toBe(
      'tests/add/testconfig:12:9: waiton names no test: "ad"\n  \twaiton  ad\n  \t       ^\n  hint: did you mean "add"?\n',
    );
  });

  it('without a place is its sentence alone', () => {
    expect(printUserError(new UserError('no target given'))).toBe('no target given\n');
    expect(printPlace({file: 'a'})).toBe('a');
    expect(printPlace({file: 'a', line: 3})).toBe('a:3');
  });

  it('is known by other copies of its class, and its derived classes only by themselves', async () => {
    vi.resetModules();
    const other = await import('./user-error.ts');
    expect(other.UserError).not.toBe(UserError);
    expect(new other.UserError('no target given')).toBeInstanceOf(UserError);
    expect(new Error('a bug')).not.toBeInstanceOf(UserError);
    class OutOfReach extends UserError {}
    expect(new OutOfReach('far')).toBeInstanceOf(UserError);
    expect(new OutOfReach('far')).toBeInstanceOf(OutOfReach);
    expect(new UserError('near')).not.toBeInstanceOf(OutOfReach);
  });
});
