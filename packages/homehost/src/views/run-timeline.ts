/** When the tests of runs began and how long they took (spec dashboard.md A8.3, B5.5). */
import {BarRows, groupBars, mostAtOnce, type TimedRecord} from '@megatest/model';
import {RpcError, type Timeline, type TimelineRun} from '@megatest/rpc';
import type {CellIndex} from './cell-index.ts';
import type {Listing} from './open-listings.ts';
import type {RunCells} from './run-cells.ts';
import type {ShownTests} from './shown-tests.ts';

export type TimelinePage = Pick<Timeline, 'runs' | 'groups' | 'bars'>;

type Bar = {
  readonly id: number;
  readonly group: number;
  readonly item: string;
  readonly start: number;
  readonly duration: number;
  readonly code: number;
  readonly row: number;
};

type TestRecord = TimedRecord & {readonly id: number; readonly code: number};

/** More could not be drawn. */
const mostBars = 1_000_000;

/** Takes up one run after the other. */
export class TimelineBuilder {
  readonly #names: CellIndex['names'];
  readonly #shown: ShownTests;
  readonly #runs: TimelineRun[] = [];
  readonly #groups: Timeline['groups'][number][] = [];
  readonly #bars: Bar[] = [];

  constructor({names}: CellIndex, shown: ShownTests) {
    this.#names = names;
    this.#shown = shown;
  }

  add(runId: number, cells: RunCells): void {
    const rows = new BarRows();
    const spans: {readonly start: number; readonly end: number}[] = [];
    for (const {testName, bars} of groupBars(this.#records(cells))) {
      const group = this.#groups.push({run: this.#runs.length, testName, n: bars.length}) - 1;
      for (const {id, code, itemPath: item, eventTime: start, runDuration: duration} of bars) {
        // What took no time is drawn as well.
        const row = rows.place(start, start + Math.max(duration, 1));
        spans.push({start, end: start + duration});
        this.#bars.push({id, group, item, start, duration, code, row});
      }
    }
    const start = spans.reduce((least, span) => Math.min(least, span.start), spans[0]?.start ?? 0);
    this.#runs.push({
      runId,
      start,
      end: spans.reduce((most, span) => Math.max(most, span.end), start + 1),
      sumS: spans.reduce((sum, span) => sum + span.end - span.start, 0),
      most: mostAtOnce(spans),
    });
    if (this.#bars.length > mostBars) {
      throw new RpcError(
        'tooLarge',
        'a timeline shows at most a million tests: choose fewer runs, or a filter',
        {
          limit: mostBars,
        },
      );
    }
  }

  listing(): Listing<TimelinePage> {
    const [runs, groups, bars] = [this.#runs, this.#groups, this.#bars];
    const groupsUpTo = (count: number) => (count === 0 ? 0 : (bars[count - 1]?.group ?? 0) + 1);
    return {
      length: bars.length,
      page: (from, to) => {
        const page = bars.slice(from, to);
        return {
          runs,
          groups: groups.slice(groupsUpTo(from), groupsUpTo(to)),
          bars: {
            ids: page.map(({id}) => id),
            groups: page.map(({group}) => group),
            items: page.map(({item}) => item),
            starts: page.map(({start}) => start),
            durations: page.map(({duration}) => duration),
            codes: page.map(({code}) => code),
            rows: page.map(({row}) => row),
          },
        };
      },
    };
  }

  #records(cells: RunCells): readonly TestRecord[] {
    const records: TestRecord[] = [];
    for (let place = 0; place < cells.size; place += 1) {
      if (this.#shown.has(cells, place)) {
        const rowKey = cells.rowKey(place);
        records.push({
          id: cells.id(place),
          code: cells.code(place),
          testName: this.#names.testName(rowKey),
          itemPath: this.#names.itemPath(rowKey),
          eventTime: cells.eventTime(place),
          runDuration: cells.runDuration(place),
        });
      }
    }
    return records;
  }
}
