import { type Codec, type Decoded, fixed, integer, list, SIGNATURE_BYTES, struct } from '#ledger';
import { HASH_BYTES, MAX_ROUND, MAX_VALIDATORS, type PRECOMMIT, type PREVOTE } from '../constants.ts';
import { ensure } from '../errors.ts';
import type { VerifySignatures } from './signatures.ts';
import type { ValidatorSet } from './validators.ts';
import { ballotBytes, isNil, type Vote } from './vote.ts';

type Kind = typeof PREVOTE | typeof PRECOMMIT;

/**
 * Votes of one kind for one block, of more than two thirds of the power, each with its own signature. In ascending
 * order of place.
 */
export const certificateCodec = struct({
  kind: integer(1, 2) as Codec<Kind>,
  height: integer(1),
  round: integer(0, MAX_ROUND),
  block: fixed(HASH_BYTES),
  signatures: list(
    struct({ validator: integer(0, MAX_VALIDATORS - 1), signature: fixed(SIGNATURE_BYTES) }),
    MAX_VALIDATORS,
    1,
  ),
});

export type Certificate = Decoded<typeof certificateCodec>;

/** Longest encoded certificate, in bytes. */
export const MAX_CERTIFICATE_BYTES = 1 + 8 + 5 + HASH_BYTES + 2 + MAX_VALIDATORS * (2 + SIGNATURE_BYTES);

/** Builds a certificate of at least one vote, all of the same height, round, kind and block. */
export function certificateOf(votes: readonly Vote[]): Certificate {
  const { height, round, kind, block } = votes[0]!;
  const signatures = votes
    .map(({ validator, signature }) => ({ validator, signature }))
    .sort((a, b) => a.validator - b.validator);
  return { kind, height, round, block, signatures };
}

/** The single votes of a certificate. */
export function votesOf(certificate: Certificate): Vote[] {
  const { height, round, kind, block, signatures } = certificate;
  return signatures.map(({ validator, signature }) => ({ height, round, kind, block, validator, signature }));
}

/**
 * Requires votes of more than two thirds of the power for a block, each validator once, every signature valid.
 * Throws COMMIT_INVALID when one of these fails.
 */
export function requireCertificate(
  certificate: Certificate,
  chainId: Uint8Array,
  validators: ValidatorSet,
  verify: VerifySignatures,
): void {
  const { height, signatures, block } = certificate;
  ensure(!isNil(block), 'COMMIT_INVALID', 'a certificate for no block', { height });
  let power = 0;
  let last = -1;
  for (const { validator } of signatures) {
    const author = validators.at(validator);
    ensure(
      author !== undefined && validator > last,
      'COMMIT_INVALID',
      'signers are unknown or out of order',
      {
        height,
        validator,
      },
    );
    last = validator;
    power += author.power;
  }
  const details = { height, power, of: validators.totalPower };
  ensure(validators.isQuorum(power), 'COMMIT_INVALID', 'not more than two thirds of the power', details);
  const message = ballotBytes(chainId, certificate);
  const signed = signatures.map(({ validator, signature }) => ({
    purpose: 'vote',
    message,
    signature,
    publicKey: validators.at(validator)!.key,
  }));
  ensure(verify(signed), 'COMMIT_INVALID', 'a signature is invalid', { height });
}
