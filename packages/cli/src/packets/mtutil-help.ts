/** The help of `mtutil`. */
import {PROGRAM_VERSION} from '@megatest/rpc';
import {PACKET_ACTIONS, PACKET_OPTIONS, spellings} from './packet-options.ts';

const column = 34;

export function mtutilHelp(): string {
  const options = PACKET_OPTIONS.map((option) => {
    const {value = '', letter, doc} = option;
    const words = `${spellings(option).join(', ')} ${value}`;
    return `  ${words.padEnd(column)} ${letter}  ${doc}`;
  });
  return `mtutil ${PROGRAM_VERSION}: commands for areas, in packets

Usage: mtutil ACTION [options]      also as "megatest pkt ACTION [options]"

Actions
  ${PACKET_ACTIONS.join(', ')}
                              write a packet with this command into the first directory of [setup] pktsdirs
  import                      take new packets into pkts.db
  dispatch                    carry out the commands in pkts.db
  show SECTION                print a section of the config: areas, contours, setup, or any other

Options that go into the packet, with the letter of their card
${options.join('\n')}

Others
  -config FILE                name of the config file (megatest.config)
  -debug LEVELS, -log FILE    as those of megatest
  -version, -h
`;
}
