import { concat } from '#base';
import type { Curve } from '#crypto';
import { type Action, burdenOf } from '../actions/registry.ts';
import { ByteReader, ByteWriter, codecError, encode } from '../codec/index.ts';
import { MAX_TRANSACTION_BYTES } from '../constants.ts';
import { type Body, bodyCodec } from './body.ts';
import { type Proofs, proofParts, readProofs, type SpendProof, writeProofs } from './proofs.ts';

/** A transaction with values computed once from its bytes. */
export interface Transaction {
  readonly bytes: Uint8Array;
  readonly body: Body;
  readonly proofs: Proofs;
  readonly hashes: Hashes;
  /** See `weightOf`. */
  readonly weight: number;
}

/** All are original Keccak-256, 32 bytes. */
export interface Hashes {
  /** Of the encoded body; signed by the Ed25519 keys. */
  readonly body: Uint8Array;
  /** Message of the CLSAGs: covers everything except the CLSAGs and the signatures. */
  readonly message: Uint8Array;
  /** Transaction id; covers every byte. */
  readonly id: Uint8Array;
}

/** Decodes untrusted bytes. Throws CODEC_INVALID when they are not a canonical transaction. */
export function parseTransaction(bytes: Uint8Array, curve: Curve): Transaction {
  if (bytes.length > MAX_TRANSACTION_BYTES) {
    throw codecError(`a transaction of ${bytes.length} bytes, over the limit of ${MAX_TRANSACTION_BYTES}`);
  }
  const input = new ByteReader(bytes);
  const body = bodyCodec.read(input);
  const proofs = readProofs(input, body);
  if (input.remaining > 0) throw codecError(`${input.remaining} trailing bytes`);
  return describe(body, proofs, bytes.slice(), curve);
}

export function makeTransaction(body: Body, proofs: Proofs, curve: Curve): Transaction {
  const out = new ByteWriter();
  bodyCodec.write(out, body);
  writeProofs(out, proofs);
  return describe(body, proofs, out.finish(), curve);
}

function describe(body: Body, proofs: Proofs, bytes: Uint8Array, curve: Curve): Transaction {
  const spend = proofs.spend;
  const message = messageOf(body, spend, curve);
  const rest = written((out) => {
    if (spend) proofParts.rings(out, spend);
    proofParts.signatures(out, proofs.signatures);
  });
  const id = curve.keccak256(concat([message, curve.keccak256(rest)]));
  const hashes = { body: bodyHash(body, curve), message, id };
  return { bytes, body, proofs, hashes, weight: weightOf(bytes.length, body.outputs.length, body.actions) };
}

export const bodyHash = (body: Body, curve: Curve): Uint8Array => curve.keccak256(encode(bodyCodec, body));

/** keccak(keccak(body) ‖ keccak(type ‖ pseudo-outs) ‖ keccak(range proof)), in Monero's order (CLSAG, §2.3). */
export function messageOf(
  body: Body,
  spend: Pick<SpendProof, 'range' | 'pseudoOuts'> | undefined,
  curve: Curve,
): Uint8Array {
  const pseudoOuts = written((out) => spend && proofParts.pseudoOuts(out, spend));
  const range = written((out) => spend && proofParts.range(out, spend));
  return curve.keccak256(
    concat([bodyHash(body, curve), curve.keccak256(pseudoOuts), curve.keccak256(range)]),
  );
}

function written(write: (out: ByteWriter) => void): Uint8Array {
  const out = new ByteWriter();
  write(out);
  return out.finish();
}

/** Bytes per output of a Bulletproof+ over two outputs. */
const RANGE_BYTES_EACH = 320;

/**
 * Weight of a transaction, in bytes: its length, the burden of its actions, and for more than two outputs four fifths of the
 * bytes that aggregating their range proofs saves without saving verification work (Monero's clawback).
 */
export function weightOf(length: number, outputs: number, actions: readonly Action[] = []): number {
  const bytes = length + burdenOf(actions);
  if (outputs <= 2) return bytes;
  const padded = 2 ** (32 - Math.clz32(outputs - 1));
  const rounds = 6 + 31 - Math.clz32(padded);
  const proofBytes = 32 * (6 + 2 * rounds);
  return bytes + Math.trunc(((RANGE_BYTES_EACH * padded - proofBytes) * 4) / 5);
}
