import {
  check,
  decodeCanonical,
  encodeCanonical,
  fromHex,
  type Logger,
  messageOf,
  toHex,
  z,
  zBytes,
} from '#base';
import type { Host, PeerAddress, Verdict } from '#network';
import { type SealedAttestation, sealedAttestationSchema } from './attestation.ts';
import type { Clearance } from './clearance.ts';
import {
  ATTESTATION_TOPIC,
  ATTESTATIONS_PROTOCOL,
  MAX_ASKED,
  MAX_ATTESTATION_BYTES,
  MAX_AUTHORITIES,
} from './constants.ts';

const MAX_GOSSIP_BYTES = MAX_ATTESTATION_BYTES + 1024;
const MAX_ANSWER_BYTES = 4 << 20;
const ASK_TIMEOUT_MS = 5_000;

const requestSchema = z.strictObject({ manifests: z.array(zBytes(32)).max(MAX_ASKED) });
const answerSchema = z.array(sealedAttestationSchema).max(MAX_ASKED * MAX_AUTHORITIES);

/** Exchanges attestations: new ones by gossip, earlier ones on request: docs/protocol/security.md. */
export class AttestationExchange {
  readonly #host: Host;
  readonly #clearance: Clearance;
  readonly #log: Logger;

  constructor(dependencies: { host: Host; clearance: Clearance; log: Logger }) {
    this.#host = dependencies.host;
    this.#clearance = dependencies.clearance;
    this.#log = dependencies.log;
  }

  /** Subscribes to new attestations and answers requests for earlier ones. */
  async start(): Promise<void> {
    this.#host.subscribe(ATTESTATION_TOPIC, (data) => this.#receive(data));
    await this.#host.answer(ATTESTATIONS_PROTOCOL, async (message) => this.#answer(message));
  }

  /** Accepts an attestation of this node and publishes it to all. */
  async publish(sealed: SealedAttestation): Promise<void> {
    this.#clearance.accept(sealed);
    await this.#host.publish(ATTESTATION_TOPIC, encodeCanonical(sealed));
  }

  /**
   * Asks a node for its attestations about at most MAX_ASKED manifests. The node need not be trusted: only signatures
   * of trusted authorities count. Returns whether it answered.
   */
  async ask(peer: PeerAddress, ids: readonly string[]): Promise<boolean> {
    const request = { manifests: ids.slice(0, MAX_ASKED).map(fromHex) };
    try {
      const answer = await this.#host.request(peer, ATTESTATIONS_PROTOCOL, request, {
        maxBytes: MAX_ANSWER_BYTES,
        timeoutMs: ASK_TIMEOUT_MS,
      });
      for (const sealed of check(answerSchema, answer, 'attestations')) this.#clearance.accept(sealed);
      return true;
    } catch (error) {
      this.#log.debug({ peer: peer.id, error: messageOf(error) }, 'cannot fetch attestations');
      return false;
    }
  }

  #answer(message: unknown): SealedAttestation[] {
    const { manifests } = check(requestSchema, message, 'attestations request');
    const found = manifests.flatMap((manifest) =>
      this.#clearance.sealedAbout(toHex(manifest)).slice(0, MAX_AUTHORITIES),
    );
    return boundedBySize(found);
  }

  #receive(data: Uint8Array): Verdict {
    try {
      const sealed = check(sealedAttestationSchema, decodeCanonical(data, MAX_GOSSIP_BYTES), 'attestation');
      return this.#clearance.accept(sealed);
    } catch (error) {
      this.#log.info({ error: messageOf(error) }, 'attestation rejected');
      return 'reject';
    }
  }
}

/** The first attestations that fit into an answer. */
function boundedBySize(attestations: SealedAttestation[]): SealedAttestation[] {
  let room = MAX_ANSWER_BYTES - 4096;
  return attestations.filter(({ sealed }) => {
    room -= sealed.length + 256;
    return room > 0;
  });
}
