/**
 * The old style of the command line, exactly (spec cli.md 3): single-dash long options, each with exactly the next word as its
 * value, switches, and a remainder that is reported and ignored.
 */

const values = new Set(
  `-runtests -config -append-config -execute -pilot -step -target -reqtarg :runname -runname :state -state :status
-status -list-runs -testpatt --modepatt -tagexpr -itempatt -setlog -set-toplog -runstep -logpro -m -rerun
-days -rename-run -to :category :variable :value :expected :tol :units -start-dir -contour -server -transport
-port -extract-ods -pathmod -env2file -envcap -envdelta -setvars -set-state-status -set-run-status -debug
-create-test -override-timeout -test-files -load -section -var -dumpmode -run-id -ping -refdb2dat -o -log
-archive -since -fields -recover-test -sort -target-db -source-db -prefix-target -src-target -src-runname
-diff-email -diff-html -sync-to -pgsync`.split(/\s+/),
);

const switches = new Set(
  `-h -help --help -manual -version -force -xterm -showkeys -show-keys -test-status -set-values -load-test-data
-summarize-items -gui -daemonize -preclean -rerun-clean -rerun-all -clean-cache -no-cache -cache-db
-use-db-cache -prepend-contour -repl -lock -unlock -list-servers -kill-servers -run-wait -local -generate-html
-list-disks -list-targets -list-db-targets -show-runconfig -show-config -show-cmdinfo -get-run-status
-test-paths -runall -run -remove-runs -rebuild-db -cleanup-db -rollup -update-meta -create-megatest-area
-mark-incompletes -convert-to-norm -convert-to-old -import-megatest.db -sync-to-megatest.db -logging -v -q
-diff-rep -keepgoing -one-pass`.split(/\s+/),
);

export type OptionTable = {
  readonly program: string;
  /** Each takes the next word. */
  readonly values: ReadonlySet<string>;
  readonly switches: ReadonlySet<string>;
};

const megatestOptions: OptionTable = {program: 'megatest', values, switches};

export const LEGACY_VALUE_OPTIONS: readonly string[] = [...values];
export const LEGACY_SWITCHES: readonly string[] = [...switches];

/** Options that take what is left as their own words. */
const takesRemainder = ['-runstep', '-envcap', '-envdelta'];

export class LegacyArguments {
  readonly #values = new Map<string, string>();
  readonly #switches = new Set<string>();
  readonly remainder: readonly string[];
  /** The message of cli.md 3 about words that are no options; `undefined` when there is nothing to say. */
  readonly unrecognised: string | undefined;

  constructor(words: readonly string[], table = megatestOptions) {
    const remainder: string[] = [];
    let isIncomplete = false;
    for (let at = 0; at < words.length; at += 1) {
      const word = words[at] ?? '';
      if (word.startsWith('-:')) {
        continue;
      }
      if (table.values.has(word)) {
        const value = words[at + 1];
        if (value === undefined) {
          isIncomplete = true;
        } else {
          this.#values.set(word, value);
          at += 1;
        }
      } else if (table.switches.has(word)) {
        this.#switches.add(word);
      } else {
        remainder.push(word);
      }
    }
    this.remainder = remainder;
    const isWanted = takesRemainder.some((option) => this.#values.has(option));
    this.unrecognised = isIncomplete
      ? [table.program, ...words].join(' ')
      : remainder.length > 0 && !isWanted
        ? remainder.join(' ')
        : undefined;
  }

  /** The value of the first of these options that was given. */
  value(...options: readonly string[]): string | undefined {
    for (const option of options) {
      const value = this.#values.get(option);
      if (value !== undefined) {
        return value;
      }
    }
    return undefined;
  }

  has(...options: readonly string[]): boolean {
    return options.some((option) => this.#switches.has(option) || this.#values.has(option));
  }

  /** Values by option, as `args:get-arg` of config files sees them. */
  get values(): ReadonlyMap<string, string> {
    return this.#values;
  }

  /** A comma list; `undefined` when the option was not given. */
  list(...options: readonly string[]): readonly string[] | undefined {
    return this.value(...options)
      ?.split(',')
      .filter((member) => member !== '');
  }
}
