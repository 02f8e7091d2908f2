/** Seconds for which a helper call waits for a daemon that is not there. */
const giveUpS = 1200;

export function limitS(): number {
  return Number(process.env.MT_RPC_GIVEUP ?? giveUpS);
}
