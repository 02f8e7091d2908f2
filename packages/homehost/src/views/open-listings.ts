/**
 * Views that are longer than one reply: made once, then told page by page, so that what changes meanwhile makes no cell come twice or not
 * at all.
 */
import {RpcError, viewLimits} from '@megatest/rpc';

export type Listing<Page> = {
  /** Entries of all pages together. */
  readonly length: number;
  /** Entries from `from` to before `to`. */
  readonly page: (from: number, to: number) => Page;
};

export type Paged<Page> = Page & {readonly next?: string};

/** While there are more entries in all of them, the one that was read longest ago goes. */
const mostEntries = 3_000_000;

export class OpenListings {
  readonly #listings = new Map<string, Listing<object>>();
  #made = 0;

  /** The first page of a listing of this kind. */
  first<Page extends object>(kind: string, listing: Listing<Page>): Paged<Page> {
    this.#made += 1;
    return this.#page(`${kind}:${this.#made}`, listing, 0);
  }

  /** The page that a reply of this kind called `next`. */
  next<Page extends object>(kind: string, cursor: string): Paged<Page> {
    const [, name = '', ofKind, from] = /^(([\w.]+):\d+):(\d+)$/.exec(cursor) ?? [];
    const listing = this.#listings.get(name) as Listing<Page> | undefined;
    if (listing === undefined || ofKind !== kind) {
      throw new RpcError(
        'invalidValue',
        'this cursor is not the `next` of a reply, or is too old: begin anew',
        {
          field: 'cursor',
          value: cursor,
        },
      );
    }
    return this.#page(name, listing, Number(from));
  }

  #page<Page extends object>(name: string, listing: Listing<Page>, from: number): Paged<Page> {
    const to = from + viewLimits.entries;
    this.#listings.delete(name);
    const page = listing.page(from, Math.min(to, listing.length));
    if (to >= listing.length) {
      return page;
    }
    this.#makeRoom(listing.length);
    this.#listings.set(name, listing);
    return {...page, next: `${name}:${to}`};
  }

  #makeRoom(length: number): void {
    let entries = [...this.#listings.values()].reduce((sum, listing) => sum + listing.length, length);
    for (const [oldest, listing] of this.#listings) {
      if (entries <= mostEntries) {
        return;
      }
      this.#listings.delete(oldest);
      entries -= listing.length;
    }
  }
}
