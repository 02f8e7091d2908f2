/** What the daemon of an area needs to know of its config, which it does not evaluate itself. */
import type {Area} from '@megatest/config';
import {parseDuration} from '@megatest/model';

/** As the daemon's schema checks it. */
export type DaemonSettingsText = Readonly<Record<string, unknown>>;

const secondsPerHour = 3600;

export function settingsOfDaemon(area: Area): DaemonSettingsText {
  const {config} = area;
  const number = (section: string, key: string) => {
    const text = config.get(section, key)?.trim() ?? '';
    return text === '' || Number.isNaN(Number(text)) ? undefined : Number(text);
  };
  const timeoutHours = number('server', 'timeout');
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
  };
}
