import { domainHash } from '#base';
import { type Codec, type Decoded, encode, fixed, integer, list, SIGNATURE_BYTES, struct } from '#ledger';
import { HASH_BYTES, MAX_ROUND, MAX_VALIDATORS, PRECOMMIT, type PREVOTE } from '../constants.ts';
import { require } from '../errors.ts';
import type { SignedMessage, VerifySignatures } from './signatures.ts';
import type { ValidatorSet } from './validators.ts';
import { ballotBytes, isNil, type Vote } from './vote.ts';

const signaturesCodec = list(
  struct({ validator: integer(0, MAX_VALIDATORS - 1), signature: fixed(SIGNATURE_BYTES) }),
  MAX_VALIDATORS,
  1,
);

/** Precommits of more than two thirds for one block: it is decided. Signatures in ascending order of the places. */
export const commitCodec = struct({
  height: integer(1),
  round: integer(0, MAX_ROUND),
  block: fixed(HASH_BYTES),
  signatures: signaturesCodec,
});

export type Commit = Decoded<typeof commitCodec>;

/** Votes of one kind of more than two thirds for one block. */
export interface Certificate extends Commit {
  readonly kind: typeof PREVOTE | typeof PRECOMMIT;
}

/** No commit is longer. */
export const MAX_COMMIT_BYTES = 8 + 5 + HASH_BYTES + 2 + MAX_VALIDATORS * (2 + SIGNATURE_BYTES);

/** domainHash('commit', its bytes); zeros where there is none, below the first block. */
export const commitHash = (commit: Commit | undefined): Uint8Array =>
  commit ? domainHash('commit', encode(commitCodec, commit)) : new Uint8Array(HASH_BYTES);

/** The certificate that these votes make: all of one height, round, kind and block, at least one. */
export function certificateOf(votes: readonly Vote[]): Certificate {
  const { height, round, kind, block } = votes[0]!;
  const signatures = votes
    .map(({ validator, signature }) => ({ validator, signature }))
    .sort((a, b) => a.validator - b.validator);
  return { height, round, kind, block, signatures };
}

/** The votes of a certificate, one by one. */
export function votesOf(certificate: Certificate): Vote[] {
  const { height, round, kind, block, signatures } = certificate;
  return signatures.map(({ validator, signature }) => ({ height, round, kind, block, validator, signature }));
}

/**
 * Requires more than two thirds of the power for a block, each validator once, every signature good.
 * Throws COMMIT_INVALID.
 */
export function requireCertificate(
  certificate: Certificate,
  chainId: Uint8Array,
  validators: ValidatorSet,
  verify: VerifySignatures,
): void {
  const { height, signatures, block } = certificate;
  require(!isNil(block), 'COMMIT_INVALID', 'a certificate for no block', { height });
  let power = 0;
  let last = -1;
  for (const { validator } of signatures) {
    const author = validators.at(validator);
    require(author !== undefined &&
      validator > last, 'COMMIT_INVALID', 'signers are unknown, or not in order', {
      height,
      validator,
    });
    last = validator;
    power += author.power;
  }
  const details = { height, power, of: validators.totalPower };
  require(validators.isQuorum(power), 'COMMIT_INVALID', 'not more than two thirds of the power', details);
  require(verify(
    signedMessages(certificate, chainId, validators),
  ), 'COMMIT_INVALID', 'a signature is not good', {
    height,
  });
}

/** As `requireCertificate`, for precommits. */
export const requireCommit = (
  commit: Commit,
  chainId: Uint8Array,
  validators: ValidatorSet,
  verify: VerifySignatures,
): void => requireCertificate({ ...commit, kind: PRECOMMIT }, chainId, validators, verify);

/** Every vote of a certificate says the same. */
function signedMessages(
  certificate: Certificate,
  chainId: Uint8Array,
  validators: ValidatorSet,
): SignedMessage[] {
  const message = ballotBytes(chainId, certificate);
  return certificate.signatures.map(({ validator, signature }) => ({
    purpose: 'vote',
    message,
    signature,
    publicKey: validators.at(validator)!.key,
  }));
}

const kindCodec = integer(1, 2) as Codec<1 | 2>;

export const certificateCodec: Codec<Certificate> = {
  write(out, certificate) {
    kindCodec.write(out, certificate.kind);
    commitCodec.write(out, certificate);
  },
  read(input) {
    const kind = kindCodec.read(input);
    return { ...commitCodec.read(input), kind };
  },
};
