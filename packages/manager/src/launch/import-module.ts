/** Loads a module that somebody has brought for this site, by its URL. When the manager is bundled this is done by who loads the bundle. */
export async function importModule(url: string): Promise<{readonly default?: unknown}> {
  return await import(url);
}
