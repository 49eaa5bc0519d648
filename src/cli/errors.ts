import type { ErrorTable } from '#base';

/** Error codes of the command line: HTTP status, meaning, and exit code where it is not 1. */
export const CLI_ERRORS = {
  ANSWER_FAILED: [502, 'an answer ended with an error'],
  AUDIT_TIMEOUT: [504, 'an audit was not decided in time'],
  CONFIG_INVALID: [400, 'config.json cannot be read'],
  DEVNET_OUTDATED: [409, 'the stored devnet was created by another version'],
  INTERRUPTED: [499, 'somebody pressed Ctrl-C', 130],
  NODE_ENDED: [502, 'a node of the devnet ended'],
  PASSWORD_DIFFERS: [400, 'the two passwords are not the same'],
  PUBLISH_FAILED: [502, 'the seeder published no model'],
  SECRET_MISSING: [400, 'a password or another secret was not given'],
  SERVICE_FAILED: [502, 'the operating system did not install the service'],
  SERVICE_UNAVAILABLE: [503, 'the operating system keeps no services for this session of the user'],
  STOP_TIMEOUT: [504, 'a node was asked to stop and still runs'],
  USAGE_INVALID: [400, 'a command or flag does not exist, or an argument is missing or superfluous', 2],
} as const satisfies ErrorTable;

declare module '../base/errors.ts' {
  interface ErrorTables {
    cli: typeof CLI_ERRORS;
  }
}
