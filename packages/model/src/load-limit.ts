/** `[jobtools] maxload`: whether a host is too busy for one more launch (spec runs.md 7.4). */
export type HostLoad = {
  /** Load averages over one and five minutes. */
  readonly load1: number;
  readonly load5: number;
  readonly cpus: number;
};

/** `maxLoad` is a factor of the number of CPUs; `undefined` = no limit. A load that rises quickly counts before it is high. */
export function isOverloaded({load1, load5, cpus}: HostLoad, maxLoad: number | undefined): boolean {
  return maxLoad !== undefined && (load1 > maxLoad * cpus || load1 - load5 > cpus);
}
