/** Imports a module that a site has written. In a bundle the file that has started it does so: code compiled ahead cannot import. */
export async function importModule(url: string): Promise<unknown> {
  return await import(url);
}
