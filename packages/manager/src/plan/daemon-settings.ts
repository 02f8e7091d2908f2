/** What the daemon of an area is given of its config: it reads none itself. */
import {type Area, type Config, type KnownKey, knownSection} from '@megatest/config';
import {parseDuration} from '@megatest/model';

/** Settings of the daemon, as its schema checks them. */
export type DaemonSettingsText = Readonly<Record<string, unknown>>;

type DashboardValue = string | number | boolean | readonly string[];

const secondsPerHour = 3600;

export function settingsOfDaemon(area: Area): DaemonSettingsText {
  const {config} = area;
  const number = (section: string, key: string) => {
    const text = config.get(section, key)?.trim() ?? '';
    return text === '' || Number.isNaN(Number(text)) ? undefined : Number(text);
  };
  const timeoutHours = number('server', 'timeout');
  const warnings: string[] = [];
  return {
    areaPath: area.path,
    areaName: area.name,
    keys: [...area.keys],
    hostname: config.get('server', 'hostname')?.trim() || undefined,
    lowport: number('server', 'lowport'),
    tls: config.get('server', 'tls')?.trim() === 'yes',
    idleTimeoutS: timeoutHours === undefined ? undefined : timeoutHours * secondsPerHour,
    syncIntervalS: number('sync', 'interval'),
    syncMarginS: number('sync', 'margin'),
    spaceRequiredKiB: number('setup', 'dbdir-space-required'),
    logExpireDays: number('setup', 'log-expire-days'),
    jobs: {
      maxActions: number('jobs', 'max-actions'),
      leaseS: number('jobs', 'lease'),
      keepDoneS: parseDuration(config.get('jobs', 'keep-done') ?? ''),
      keepFailedS: parseDuration(config.get('jobs', 'keep-failed') ?? ''),
      users: config
        .get('jobs', 'users')
        ?.split(/\s+/)
        .filter((user) => user !== ''),
    },
    dashboard: dashboardOf(config, warnings),
    config: config.sections.map(({name, entries}) => ({
      name,
      entries: entries.map(({key, value}) => [key, value]),
    })),
    warnings,
  };
}

/** `[dashboard]` with its defaults; a value that is none of its kind counts as not given (spec dashboard.md B11). */
function dashboardOf(config: Config, warnings: string[]): Readonly<Record<string, DashboardValue>> {
  const known = knownSection('megatest.config', 'dashboard')?.keys ?? [];
  return Object.fromEntries(
    known
      .filter(({isIgnored}) => isIgnored !== true)
      .map((key) => {
        const text = config.get('dashboard', key.key)?.trim();
        const value = text === undefined || text === '' ? undefined : settingOf(key, text);
        if (value === undefined && text !== undefined && text !== '') {
          warnings.push(`[dashboard] ${key.key} cannot be "${text}"; it is ${key.default || 'empty'}`);
        }
        return [key.key, value ?? settingOf(key, key.default) ?? key.default];
      }),
  );
}

/** `undefined` for what the key cannot have. */
function settingOf({type, least = 0, choices = []}: KnownKey, text: string): DashboardValue | undefined {
  switch (type) {
    case 'number': {
      const value = Number(text);
      return Number.isFinite(value) && value >= least ? value : undefined;
    }
    case 'yes-no':
      return text === 'yes' || text === 'no' ? text === 'yes' : undefined;
    case 'choice':
      return choices.includes(text) ? text : undefined;
    case 'list':
      return text
        .split(',')
        .map((member) => member.trim())
        .filter((member) => member !== '');
    default:
      return text;
  }
}
