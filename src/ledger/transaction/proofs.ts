import { type ClsagSignature, type RangeProof, roundsFor } from '#crypto';
import { type ByteReader, type ByteWriter, byteOf, fixed, list } from '../codec/index.ts';
import { KEY_BYTES, MAX_SIGNATURES, RING_SIZE, SIGNATURE_BYTES } from '../constants.ts';
import type { Body } from './body.ts';

/** Spend proof type 1: a CLSAG over 16 outputs for each input, one Bulletproof+ over all outputs. */
export interface SpendProof {
  readonly range: RangeProof;
  /** One for each input, in their order. */
  readonly rings: readonly ClsagSignature[];
  /** C'/8 for each input. */
  readonly pseudoOuts: readonly Uint8Array[];
}

export interface Proofs {
  /** Present if and only if the body has inputs. */
  readonly spend: SpendProof | undefined;
  /** Ed25519 signatures, 64 bytes, by the keys that the actions require, in the order of the actions. */
  readonly signatures: readonly Uint8Array[];
}

const KEY = fixed(KEY_BYTES);
const SPEND_PROOF_TYPE = byteOf(1);
const SIGNATURES = list(fixed(SIGNATURE_BYTES), MAX_SIGNATURES);

/** Writers for the parts of the proofs that are hashed separately, see `Hashes`. */
export const proofParts = {
  range(out: ByteWriter, { range }: Pick<SpendProof, 'range'>): void {
    for (const part of [range.a, range.a1, range.b, range.r1, range.s1, range.d1]) KEY.write(out, part);
    for (const part of [...range.left, ...range.right]) KEY.write(out, part);
  },
  rings(out: ByteWriter, { rings }: Pick<SpendProof, 'rings'>): void {
    for (const { scalars, challenge, commitmentImage } of rings) {
      for (const part of [...scalars, challenge, commitmentImage]) KEY.write(out, part);
    }
  },
  pseudoOuts(out: ByteWriter, { pseudoOuts }: Pick<SpendProof, 'pseudoOuts'>): void {
    SPEND_PROOF_TYPE.write(out, 1);
    for (const part of pseudoOuts) KEY.write(out, part);
  },
  signatures: SIGNATURES.write,
};

export function writeProofs(out: ByteWriter, { spend, signatures }: Proofs): void {
  if (spend) {
    proofParts.pseudoOuts(out, spend);
    proofParts.range(out, spend);
    proofParts.rings(out, spend);
  }
  proofParts.signatures(out, signatures);
}

/** All lengths follow from the body, so the proofs carry none. Throws CODEC_INVALID when they do not decode. */
export function readProofs(input: ByteReader, body: Body): Proofs {
  const spend = body.inputs.length > 0 ? readSpend(input, body) : undefined;
  return { spend, signatures: SIGNATURES.read(input) };
}

function readSpend(input: ByteReader, body: Body): SpendProof {
  SPEND_PROOF_TYPE.read(input);
  const key = () => KEY.read(input);
  const keys = (count: number) => Array.from({ length: count }, key);
  const pseudoOuts = keys(body.inputs.length);
  const [a, a1, b, r1, s1, d1] = keys(6) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const rounds = roundsFor(body.outputs.length);
  const range = { a, a1, b, r1, s1, d1, left: keys(rounds), right: keys(rounds) };
  const rings = body.inputs.map(() => ({
    scalars: keys(RING_SIZE),
    challenge: key(),
    commitmentImage: key(),
  }));
  return { range, rings, pseudoOuts };
}
