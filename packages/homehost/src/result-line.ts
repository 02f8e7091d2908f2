/** The line that a run prints on stdout for each test with a new result (spec runs.md 7.5). */
import {formatDuration} from '@megatest/model';

export function resultHeader(): string {
  return columns('State', 'Status', 'Start Time', 'Duration', 'Test path');
}

export function resultLine(test: {
  readonly state: string;
  readonly status: string;
  readonly eventTimeS: number;
  readonly durationS: number;
  readonly path: string;
}): string {
  const {state, status, eventTimeS, durationS, path} = test;
  return columns(state, status, workWeek(eventTimeS), formatDuration(durationS), path);
}

function columns(state: string, status: string, start: string, duration: string, path: string): string {
  return state.padEnd(12) + status.padEnd(12) + start.padEnd(20) + duration.padEnd(12) + path.padEnd(40);
}

/** `2026ww48.2 11:05`: ISO year and week, day of the week, local time. */
export function workWeek(timeS: number): string {
  const date = new Date(timeS * 1000);
  const day = ((date.getDay() + 6) % 7) + 1;
  const thursday = new Date(date.getFullYear(), date.getMonth(), date.getDate() - day + 4);
  const firstOfYear = new Date(thursday.getFullYear(), 0, 1);
  const week = Math.floor((thursday.getTime() - firstOfYear.getTime()) / 86_400_000 / 7) + 1;
  const two = (value: number) => String(value).padStart(2, '0');
  return `${thursday.getFullYear()}ww${two(week)}.${day % 7} ${two(date.getHours())}:${two(date.getMinutes())}`;
}
