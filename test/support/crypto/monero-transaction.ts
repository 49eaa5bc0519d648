import { concat, fromHex } from '#base';
import type { ClsagSignature, Curve, RangeProof } from '#crypto';

/** A Monero transaction of RingCT type 6: CLSAG and Bulletproofs+, read strictly. Throws RangeError. */
export interface MoneroTransaction {
  readonly inputs: readonly { readonly offsets: readonly number[]; readonly keyImage: Uint8Array }[];
  readonly outputs: readonly {
    readonly key: Uint8Array;
    readonly viewTag: Uint8Array;
    readonly encryptedAmount: Uint8Array;
    readonly commitment: Uint8Array;
  }[];
  /** R, then one per output where a transaction has them. */
  readonly transactionKey: Uint8Array;
  readonly outputKeys: readonly Uint8Array[];
  readonly fee: bigint;
  readonly ranges: readonly RangeProof[];
  readonly signatures: readonly ClsagSignature[];
  readonly pseudoOuts: readonly Uint8Array[];
  readonly id: Uint8Array;
  /** What the ring signatures sign. */
  readonly message: Uint8Array;
}

const CLSAG_BULLETPROOFS_PLUS = 6;

class Reader {
  readonly bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  take(length: number): Uint8Array {
    if (this.at + length > this.bytes.length) throw new RangeError('the transaction ends too early');
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  byte(): number {
    return this.take(1)[0]!;
  }

  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 64n; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
    throw new RangeError('a number is longer than 64 bits');
  }

  count(limit: number): number {
    const value = Number(this.varint());
    if (value > limit) throw new RangeError(`${value} where at most ${limit} are allowed`);
    return value;
  }

  expect(value: number, what: string): void {
    if (this.byte() !== value) throw new RangeError(`unexpected ${what}`);
  }

  many<T>(count: number, read: () => T): T[] {
    return Array.from({ length: count }, read);
  }

  keys(count: number): Uint8Array[] {
    return this.many(count, () => this.take(32));
  }
}

function readInput(reader: Reader) {
  reader.expect(2, 'kind of input');
  if (reader.varint() !== 0n) throw new RangeError('an input shows its amount');
  const offsets = reader.many(reader.count(64), () => Number(reader.varint()));
  return { offsets, keyImage: reader.take(32) };
}

function readOutput(reader: Reader) {
  if (reader.varint() !== 0n) throw new RangeError('an output shows its amount');
  const kind = reader.byte();
  if (kind !== 2 && kind !== 3) throw new RangeError('unexpected kind of output');
  return { key: reader.take(32), viewTag: reader.take(kind === 3 ? 1 : 0) };
}

/** The transaction keys in the `extra` field: tag 1, and tag 4 for one key an output. */
function readExtra(extra: Uint8Array): { transactionKey: Uint8Array; outputKeys: Uint8Array[] } {
  const reader = new Reader(extra);
  let transactionKey: Uint8Array | undefined;
  let outputKeys: Uint8Array[] = [];
  while (reader.at < extra.length) {
    const tag = reader.byte();
    if (tag === 1) transactionKey ??= reader.take(32);
    else if (tag === 2) reader.take(reader.count(255));
    else if (tag === 4) outputKeys = reader.keys(reader.count(16));
    else if (tag !== 0) throw new RangeError(`unexpected tag ${tag} in extra`);
  }
  if (transactionKey === undefined) throw new RangeError('no transaction key');
  return { transactionKey, outputKeys };
}

/** Bytes of a range proof as the signed hash has them: without counts. */
function readRange(reader: Reader): { proof: RangeProof; hashed: Uint8Array } {
  const [a, a1, b, r1, s1, d1] = reader.keys(6) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const left = reader.keys(reader.count(10));
  const right = reader.keys(reader.count(10));
  return {
    proof: { a, a1, b, r1, s1, d1, left, right },
    hashed: concat([a, a1, b, r1, s1, d1, ...left, ...right]),
  };
}

export function readMoneroTransaction(hex: string, curve: Curve): MoneroTransaction {
  const bytes = fromHex(hex);
  const reader = new Reader(bytes);
  reader.expect(2, 'version');
  reader.varint();
  const inputs = reader.many(reader.count(128), () => readInput(reader));
  const outputs = reader.many(reader.count(16), () => readOutput(reader));
  const extra = readExtra(reader.take(reader.count(2048)));
  const prefixEnd = reader.at;
  reader.expect(CLSAG_BULLETPROOFS_PLUS, 'kind of RingCT');
  const fee = reader.varint();
  const amounts = reader.many(outputs.length, () => reader.take(8));
  const commitments = reader.keys(outputs.length);
  const baseEnd = reader.at;
  const ranges = reader.many(reader.count(1), () => readRange(reader));
  const signatures = inputs.map(({ offsets }) => ({
    scalars: reader.keys(offsets.length),
    challenge: reader.take(32),
    commitmentImage: reader.take(32),
  }));
  const pseudoOuts = reader.keys(inputs.length);
  if (reader.at !== bytes.length) throw new RangeError('bytes after the end of the transaction');
  const [prefix, base] = [
    curve.keccak256(bytes.subarray(0, prefixEnd)),
    curve.keccak256(bytes.subarray(prefixEnd, baseEnd)),
  ];
  return {
    ...extra,
    inputs,
    outputs: outputs.map((output, i) => ({
      ...output,
      encryptedAmount: amounts[i]!,
      commitment: commitments[i]!,
    })),
    fee,
    ranges: ranges.map(({ proof }) => proof),
    signatures,
    pseudoOuts,
    id: curve.keccak256(prefix, base, curve.keccak256(bytes.subarray(baseEnd))),
    message: curve.keccak256(prefix, base, curve.keccak256(...ranges.map(({ hashed }) => hashed))),
  };
}
