/** What the pages of the dashboard read besides single rows of M: files of run directories, files of the area, many rows. */
import type {OwnManager} from '../own-manager.ts';
import {AreaFiles} from './area-files.ts';
import {OpenLogs} from './open-logs.ts';
import {ReadThread} from './read-thread.ts';
import {RunFiles} from './run-files.ts';

export type PanelOptions = {
  readonly workerPath: string;
  /** M. */
  readonly working: string;
  readonly ownManager: OwnManager;
};

export class Panel {
  readonly thread: ReadThread;
  readonly files: RunFiles;
  readonly logs: OpenLogs;
  readonly areaFiles: AreaFiles;
  readonly working: string;

  constructor({workerPath, working, ownManager}: PanelOptions) {
    this.working = working;
    this.thread = new ReadThread(workerPath, working);
    this.files = new RunFiles(
      async (directories) => await this.thread.ask('recordedDirectories', directories),
    );
    this.logs = new OpenLogs(this.files);
    this.areaFiles = new AreaFiles(ownManager);
  }

  async close(): Promise<void> {
    await this.thread.close();
  }
}
