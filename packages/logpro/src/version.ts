/** Of the command, in its report and after `--version`. */
export const VERSION = '2.0.0';
