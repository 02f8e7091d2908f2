/**
 * The daemon's figures as OpenMetrics text, for `GET /metrics`. Anybody who reaches the port may read them: they say how much is
 * going on, and name no target, run, test or user.
 */
import type {ServerStatus} from '@megatest/rpc';

type Metric = {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly unit?: string;
  readonly help: string;
  readonly samples: readonly {readonly labels?: Readonly<Record<string, string>>; readonly value: number}[];
};

export function printMetrics(status: ServerStatus): string {
  const {sync, calls} = status;
  const one = (value: number) => [{value}];
  const metrics: readonly Metric[] = [
    {
      name: 'uptime_seconds',
      type: 'gauge',
      unit: 'seconds',
      help: 'Time since the start.',
      samples: one(status.uptimeS),
    },
    {
      name: 'memory_bytes',
      type: 'gauge',
      unit: 'bytes',
      help: 'Resident memory.',
      samples: one(status.memoryBytes),
    },
    {
      name: 'clients',
      type: 'gauge',
      help: 'Connections that have logged in.',
      samples: one(status.clients.length),
    },
    {
      name: 'managers',
      type: 'gauge',
      help: 'Managers that are connected.',
      samples: one(status.managers.length),
    },
    {
      name: 'drivers',
      type: 'gauge',
      help: 'Submitted runs that have not ended.',
      samples: one(status.drivers.length),
    },
    {
      name: 'tests_running',
      type: 'gauge',
      help: 'Tests that managers have.',
      samples: one(sum(status.managers.map(({tests}) => tests))),
    },
    {
      name: 'jobs',
      type: 'gauge',
      help: 'Jobs of the queue that have not ended, by state.',
      samples: Object.entries(status.jobs).map(([state, value]) => ({labels: {state}, value})),
    },
    {
      name: 'requests_unanswered',
      type: 'gauge',
      help: 'Requests that wait for their answer.',
      samples: one(status.unanswered),
    },
    {name: 'writes', type: 'counter', help: 'Committed writes.', samples: one(status.writes)},
    {
      name: 'sync_lag_seconds',
      type: 'gauge',
      unit: 'seconds',
      help: 'How far megatest.db is behind.',
      samples: one(sync.lagS),
    },
    {name: 'sync_flushes', type: 'counter', help: 'Flushes into megatest.db.', samples: one(sync.seq)},
    {
      name: 'calls',
      type: 'counter',
      help: 'Calls by method.',
      samples: Object.entries(calls).map(([method, value]) => ({labels: {method}, value})),
    },
  ];
  return `${metrics.map(printMetric).join('')}# EOF\n`;
}

function printMetric({name, type, unit, help, samples}: Metric): string {
  const full = `megatest_${name}`;
  const sampleName = type === 'counter' ? `${full}_total` : full;
  return [
    `# TYPE ${full} ${type}`,
    ...(unit === undefined ? [] : [`# UNIT ${full} ${unit}`]),
    `# HELP ${full} ${help}`,
    ...samples.map(({labels, value}) => `${sampleName}${printLabels(labels)} ${value}`),
    '',
  ].join('\n');
}

function printLabels(labels: Readonly<Record<string, string>> | undefined): string {
  return labels === undefined
    ? ''
    : `{${Object.entries(labels)
        .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
        .join(',')}}`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
