import { readFile } from 'node:fs/promises';
import { BitorchError, codeOf, createLog, messageOf } from '#base';
import { currentRuleset, installRuleset, newerRuleset, RULESET_AUTHORITIES, type Ruleset } from '#security';

const MULTIADDR = /^\/(?:ip4|ip6|dns|dns4|dns6)\/[^/]+\/tcp\/\d+\/p2p\/(\w+)$/;

/**
 * Installs the ruleset of a file, or the one that another node goes by (`from`: its multiaddr with /p2p/ and its peer
 * id), if it is signed by an authority of this edition or one of `trusted`, and newer. Throws RULESET_INVALID,
 * RULESET_CURRENT, PEER_UNREACHABLE.
 */
export async function updateRuleset(
  home: string,
  from: string,
  trusted: readonly Uint8Array[] = [],
): Promise<Ruleset> {
  const [, peer] = MULTIADDR.exec(from) ?? [];
  const file =
    peer === undefined ? await fileAt(from) : await fileOf({ id: peer, addresses: [from] }, home, trusted);
  return installRuleset(home, file, trusted);
}

async function fileAt(path: string): Promise<Uint8Array> {
  return readFile(path).then(
    (bytes) => new Uint8Array(bytes),
    (error) => {
      const why = codeOf(error) === 'ENOENT' ? 'does not exist' : `cannot be read: ${messageOf(error)}`;
      const message = `the ruleset ${path} ${why}: give a file or a node's address, /ip4/…/tcp/…/p2p/…`;
      throw new BitorchError('RULESET_INVALID', message);
    },
  );
}

/** A visitor of one question, with a key of its own: whoever runs here is not known by it. */
async function fileOf(
  peer: { id: string; addresses: string[] },
  home: string,
  trusted: readonly Uint8Array[],
): Promise<Uint8Array> {
  // Loaded here only: a file needs no network.
  const [{ Host }, { SigningKey }] = await Promise.all([import('#network'), import('#crypto')]);
  const host = await Host.start({ key: SigningKey.generate() }, { log: createLog('silent') });
  try {
    const current = await currentRuleset(home, trusted);
    return (await newerRuleset(host, peer, current, [...RULESET_AUTHORITIES, ...trusted])).file;
  } finally {
    await host.stop();
  }
}
