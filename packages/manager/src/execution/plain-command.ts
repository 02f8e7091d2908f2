/**
 * Commands of which bash only has to run one program: nothing in them can change the shell itself, so the shell that runs them can go
 * on with its own work afterwards.
 */

/** Words without any character that the shell takes for more than itself, and at most the redirection that a step gets. */
const plainWords = /^[\w./:@%+,-]+(?: +[\w./:=@%+,-]+)*(?: > [\w./:@%+,-]+ 2>&1)?$/;

/** Builtins and reserved words of bash; `true`, `false`, `echo`, `test`, `pwd` and `:` leave the shell as it is. */
const changesShell = new Set(
  (
    'alias bg bind break builtin caller case cd command compgen complete compopt continue coproc declare dirs disown do done elif ' +
    'else enable esac eval exec exit export fc fg fi for function getopts hash help history if in jobs kill let local logout ' +
    'mapfile popd printf pushd read readarray readonly return select set shift shopt source suspend then time times trap type ' +
    'typeset ulimit umask unalias unset until wait while .'
  ).split(' '),
);

/** What makes bash read commands at its start, or changes what its words mean. */
const changesBash = /^(BASH_ENV|BASH_FUNC_.*|BASHOPTS|SHELLOPTS|POSIXLY_CORRECT)$/;

export function isPlainCommand(command: string, env: Readonly<Record<string, string>>): boolean {
  const [first = ''] = command.split(' ', 1);
  return (
    plainWords.test(command) &&
    !changesShell.has(first) &&
    !Object.keys(env).some((name) => changesBash.test(name))
  );
}
