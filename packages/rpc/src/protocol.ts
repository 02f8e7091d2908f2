/**
 * The version of what daemons, managers and commands say to each other.
 *
 * It is one higher than in the release before when a release says anything that the one before would refuse: a new method, a new
 * parameter, a new kind of report entry (every message is checked against a strict schema, so nothing is ever just ignored), or a
 * word that means something else. A further field in an answer is no reason, as clients ignore what they do not know.
 *
 * Two ends work together only with the same number. The newer one takes the place of the older one: a command, or a manager, asks an
 * older daemon to leave (`server.shutdown`) and an older manager likewise (`manager.stop`), and starts its own. For that
 * `server.hello`, `server.login`, `server.ping`, these two and the error `protocolMismatch` stay as they are in every version.
 */
export const PROTOCOL = 1;

/** The reason that an older process is given for having to leave; its managers then leave the start of the next daemon to others. */
export const UPGRADE = 'upgrade';
