/** `[dashboard] base-path`: where a proxy shows the daemon's pages. Requests that come straight to the daemon do without it. */

/** Nothing, or `/path` without a slash at its end; `undefined` for what can be no path of a URL or a cookie. */
export function parseBasePath(text: string): string | undefined {
  const path = text.replace(/\/+$/, '');
  return /^(\/[\w.~-]+)*$/.test(path) ? path : undefined;
}

/** The request's URL as it is without a proxy. */
export function withoutBasePath(url: string, basePath: string): string {
  return basePath !== '' && url.startsWith(`${basePath}/`) ? url.slice(basePath.length) : url;
}

/** A path of the own origin, from its root; a browser takes `//` and `/\` for the name of another host, and passes over blanks. */
export function isOwnPath(path: string): boolean {
  return /^\/(?![/\\])[^\s\\\p{Cc}]*$/u.test(path);
}
