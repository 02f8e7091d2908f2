/** Which rows the three kinds of rerun set back before the run (spec runs.md 12.2, 12.3, 12.6). */
import {hasFailed, type StateStatus} from '@megatest/model';

const cleanStates = new Set(['KILLREQ', 'KILLED', 'UNKNOWN', 'INCOMPLETE', 'STUCK', 'NOT_STARTED']);
const cleanStatuses = new Set(['FAIL', 'INCOMPLETE', 'ABORT', 'CHECK']);

export function mustReset(
  action: 'run' | 'rerun-clean' | 'rerun-all' | 'rerun-failed',
  row: StateStatus,
): boolean {
  switch (action) {
    case 'run':
      return false;
    case 'rerun-all':
      return true;
    case 'rerun-clean':
      return cleanStates.has(row.state) || cleanStatuses.has(row.status);
    case 'rerun-failed':
      return hasFailed(row.state, row.status);
  }
}
