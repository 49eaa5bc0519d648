import { spawnSync } from 'node:child_process';

/** Addresses of our side and of Transmission in the network namespace that they share. */
export const OUR_ADDRESS = '10.77.0.1';
export const THEIR_ADDRESS = '10.77.0.2';

/** Runs a script in a network namespace of its own that has these two addresses and no way out. */
export const IN_NAMESPACE = [
  'unshare',
  '--map-root-user',
  '--net',
  'sh',
  '-c',
  `ip link set lo up && ip addr add ${OUR_ADDRESS}/32 dev lo && ip addr add ${THEIR_ADDRESS}/32 dev lo && exec "$@"`,
  'sh',
] as const;

/** Why a transfer with Transmission cannot be tried here; false when it can. */
export function whatIsMissing(): string | false {
  if (spawnSync('transmission-daemon', ['--version']).error) {
    return 'transmission-daemon is not installed (Debian: apt-get install transmission-daemon)';
  }
  const [program, ...options] = IN_NAMESPACE;
  const allowed = spawnSync(program, [...options, 'true']).status === 0;
  return allowed
    ? false
    : 'no network namespace can be made here (needs unshare and ip, and the right to use them)';
}
