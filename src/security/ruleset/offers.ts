import { BitorchError, check, equalBytes, z, zBytes } from '#base';
import type { Host, PeerAddress } from '#network';
import { fetchDocument } from '../documents/exchange.ts';
import { rulesetInvalid } from '../errors.ts';
import { openRuleset, type Ruleset } from './ruleset.ts';

const RULESET_PROTOCOL = '/bitorch/security/ruleset/1';
const ASK_TIMEOUT_MS = 5_000;

const requestSchema = z.strictObject({});
const offerSchema = z.strictObject({ id: zBytes(32), version: z.number().int().min(1).max(0xffffffff) });
/** Which ruleset a node uses, as it claims. */
export type RulesetOffer = z.infer<typeof offerSchema>;

/** Answers requests with the id and version of the ruleset that this node uses. */
export function answerWithRuleset(host: Host, current: () => Promise<Ruleset>): Promise<void> {
  return host.answer(RULESET_PROTOCOL, async (message) => {
    check(requestSchema, message, 'request for a ruleset');
    const { id, version } = await current();
    return { id, version };
  });
}

/** Asks a node which ruleset it uses. Throws SCHEMA_INVALID for a malformed answer, and what Host.request() throws. */
export async function askForRuleset(
  host: Host,
  peer: PeerAddress,
  signal?: AbortSignal,
): Promise<RulesetOffer> {
  const limits = { timeoutMs: ASK_TIMEOUT_MS, maxBytes: 4096, ...(signal && { signal }) };
  return check(offerSchema, await host.request(peer, RULESET_PROTOCOL, {}, limits), 'ruleset offer');
}

/**
 * Fetches an offered ruleset, which must be signed by one of `trusted` and have the offered id and version. Throws
 * RULESET_INVALID when it differs, and what openRuleset() and fetchDocument() throw.
 */
export async function fetchRuleset(
  host: Host,
  peer: PeerAddress,
  offer: RulesetOffer,
  trusted: readonly Uint8Array[],
  signal?: AbortSignal,
): Promise<{ ruleset: Ruleset; file: Uint8Array }> {
  const file = await fetchDocument(host, peer, { kind: 'ruleset', id: offer.id }, signal);
  const ruleset = openRuleset(file, trusted);
  if (!equalBytes(ruleset.id, offer.id) || ruleset.version !== offer.version)
    throw rulesetInvalid(`${peer.id} sent a different ruleset than it offered`);
  return { ruleset, file };
}

/** Fetches a newer ruleset from a node. Throws RULESET_CURRENT when the node has none, and like fetchRuleset(). */
export async function newerRuleset(
  host: Host,
  peer: PeerAddress,
  current: Ruleset,
  trusted: readonly Uint8Array[],
): Promise<{ ruleset: Ruleset; file: Uint8Array }> {
  const offer = await askForRuleset(host, peer);
  if (offer.version <= current.version) {
    throw new BitorchError(
      'RULESET_CURRENT',
      `the node offers version ${offer.version}, which is not newer than the current version ${current.version}`,
    );
  }
  return fetchRuleset(host, peer, offer, trusted);
}
