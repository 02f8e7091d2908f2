/** Stands in `dist` under the name of each command, and starts the bundle of that name. */
import {basename} from 'node:path';
import {loadBundle} from './load-bundle.ts';

loadBundle(basename(import.meta.filename, '.js'), async (url) => await import(url));
