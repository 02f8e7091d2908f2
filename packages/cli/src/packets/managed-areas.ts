/** The areas and contours that a control directory names (spec mtutil.md 3.3, 3.4). */
import {resolve} from 'node:path';
import type {Config} from '@megatest/config';
import {TestPattern} from '@megatest/model';
import type {Control} from './control.ts';
import {parseParameters} from './parameter-string.ts';

export type ManagedArea = {readonly name: string; readonly path: string};

export type Contour = {
  /** `null` = all. */
  readonly areas: readonly string[] | null;
  /** A checker that decides instead. */
  readonly areaFunction: string | null;
  readonly tagExpr: string;
  readonly modePatt: string;
};

export function managedAreas({config, directory}: Control): readonly ManagedArea[] {
  return config.entries('areas').flatMap(({key, value}) => {
    const parameters = parseParameters(value);
    const [[bare, bareValue] = ['', '']] = parameters;
    const path = parameters.get('path') ?? (bareValue === null && parameters.size === 1 ? bare : '');
    return path === '' ? [] : [{name: key, path: resolve(directory, path)}];
  });
}

/** One that is not named has all areas, and selects nothing. */
export function contourOf(config: Config, name: string): Contour {
  const parameters = parseParameters(config.get('contours', name) ?? '');
  const areas = parameters.get('areas');
  return {
    areas: areas?.split(',').map((area) => area.trim()) ?? null,
    areaFunction: parameters.get('areafn') ?? null,
    ...parseSelector(parameters.get('selector') ?? ''),
  };
}

/** `TAGEXPR/MODEPATT`, each of which may be empty; without a slash it is the tag expression. */
export function parseSelector(text: string): Pick<Contour, 'tagExpr' | 'modePatt'> {
  const slash = text.indexOf('/');
  return slash < 0
    ? {tagExpr: text, modePatt: ''}
    : {tagExpr: text.slice(0, slash), modePatt: text.slice(slash + 1)};
}

/** Areas of these names or patterns. */
export function areasLike(areas: readonly ManagedArea[], patterns: string): readonly ManagedArea[] {
  const pattern = new TestPattern(patterns);
  return areas.filter(({name}) => pattern.matchesName(name));
}
