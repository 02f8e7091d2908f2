/** An installation of the programs of its own, which may speak another version of the protocol than the one under test. */
import {cpSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync} from 'node:fs';
import {join} from 'node:path';
import {PROTOCOL} from '@megatest/rpc';
import type {Plugin} from 'esbuild';
import {binaries} from './area.ts';

const checkout = join(import.meta.dirname, '../..');

export class Installation {
  /** For PATH. */
  readonly binaries: string;
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.binaries = join(folder, 'bin');
  }

  static async make(folder: string, protocol: number): Promise<Installation> {
    mkdirSync(folder, {recursive: true});
    cpSync(binaries, join(folder, 'bin'), {recursive: true});
    symlinkSync(join(checkout, 'node_modules'), join(folder, 'node_modules'));
    const installation = new Installation(folder);
    await installation.#bundle(protocol, 'dist');
    return installation;
  }

  /** Puts another version into the same place, as an administrator would. */
  async replace(protocol: number): Promise<void> {
    await this.#bundle(protocol, 'fresh');
    const dist = join(this.#folder, 'dist');
    rmSync(dist, {recursive: true});
    renameSync(join(this.#folder, 'fresh'), dist);
  }

  async #bundle(protocol: number, name: string): Promise<void> {
    const speaks: Plugin = {
      name: 'protocol',
      setup(build) {
        build.onLoad({filter: /rpc\/src\/protocol\.ts$/}, ({path}) => {
          const source = readFileSync(path, 'utf8');
          return {
            contents: source.replace(`PROTOCOL = ${PROTOCOL}`, `PROTOCOL = ${protocol}`),
            loader: 'ts',
          };
        });
      },
    };
    const script = join(checkout, 'scripts/bundle.mjs');
    const {bundle} = (await import(script)) as {
      bundle(options: {readonly outdir: string; readonly plugins: readonly Plugin[]}): Promise<void>;
    };
    await bundle({outdir: join(this.#folder, name), plugins: [speaks]});
  }
}
