import { BitorchError, check, codeOf, encodeCanonical, fromHex, messageOf, toHex, z } from '#base';
import { type SigningKey, verifySignature } from '#crypto';
import type { TestNetworkView } from '../api/setup.ts';
import list from './test-network.json' with { type: 'json' };

/** Public key whose owner lists the nodes of the test network (docs/protocol/test-network.md). */
const LIST_KEY = 'a648ab957b4366633a5afc96d8201e4ab1003c87e01ed1d177a04c7a3b4b96d8';
const PURPOSE = 'test network';
const VERSION = 1;
const MAX_INVITES = 16;

/** The nodes through which programs of this build join the test network. */
export interface TestNetwork {
  readonly name: string;
  /** As `bitorch invite` writes them, all to one network; tried in turn. */
  readonly invites: readonly string[];
}

/** Failures of one invite of the list that say nothing about the next. */
const OTHERS_MAY_DO = ['JOIN_UNREACHABLE', 'INVITE_EXPIRED', 'INVITE_INVALID', 'INVITE_OUTDATED'];

const zList = z.strictObject({
  version: z.literal(VERSION),
  name: z.string().min(1).max(64),
  invites: z.array(z.string().max(1024)).max(MAX_INVITES),
  /** Hexadecimal, 64 bytes. */
  signature: z.string().regex(/^[0-9a-f]{128}$/),
});
type SignedList = z.infer<typeof zList>;

const bodyOf = ({ name, invites }: TestNetwork): Uint8Array => encodeCanonical([VERSION, name, invites]);

/** Signs a list of nodes. */
export const signTestNetwork = (network: TestNetwork, key: SigningKey): SignedList => ({
  version: VERSION,
  name: network.name,
  invites: [...network.invites],
  signature: toHex(key.sign(PURPOSE, bodyOf(network))),
});

/** Opens a signed list. Throws TEST_NETWORK_INVALID when it is damaged or signed by another key. */
export function openTestNetwork(signed: unknown, key: Uint8Array): TestNetwork {
  let parsed: SignedList;
  try {
    parsed = check(zList, signed, 'the list');
  } catch (error) {
    throw invalid(messageOf(error));
  }
  const { name, invites, signature } = parsed;
  if (!verifySignature(PURPOSE, bodyOf({ name, invites }), fromHex(signature), key))
    throw invalid('its signature is wrong');
  return { name, invites };
}

const invalid = (why: string): BitorchError =>
  new BitorchError(
    'TEST_NETWORK_INVALID',
    `the list of the test network in this program is damaged: ${why}. Install the program again from a source that you trust`,
  );

/** The test network of this build. Throws TEST_NETWORK_INVALID. */
export const builtInTestNetwork = (): TestNetwork => openTestNetwork(list, fromHex(LIST_KEY));

export const testNetworkView = ({ name, invites }: TestNetwork): TestNetworkView => {
  const available = invites.length > 0;
  const text = available
    ? `This program knows ${invites.length} ${invites.length === 1 ? 'node' : 'nodes'} of the test network "${name}".`
    : 'This program does not know any node of a test network yet. Ask someone for an invite, or try everything on this computer with "bitorch devnet".';
  return { name, available, text };
};

/**
 * Joins the test network through the first of its nodes that can be reached. Throws TEST_NETWORK_EMPTY when none is listed, else the
 * last error of `join`.
 */
export async function joinTestNetwork(
  network: TestNetwork,
  join: (invite: string) => Promise<void>,
): Promise<void> {
  let failure: unknown = new BitorchError('TEST_NETWORK_EMPTY', testNetworkView(network).text);
  for (const invite of network.invites) {
    try {
      return await join(invite);
    } catch (error) {
      if (!OTHERS_MAY_DO.includes(codeOf(error))) throw error;
      failure = error;
    }
  }
  throw failure;
}
