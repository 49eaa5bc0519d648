/** Everything that a stranger can write otherwise in a sound transfer of two inputs and two outputs. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fromHex, toHex } from '#base';
import { type Curve, littleEndian } from '#crypto';
import { ByteWriter } from '../../../src/ledger/codec/index.ts';
import { type Body, bodyCodec } from '../../../src/ledger/transaction/body.ts';
import { type Proofs, type SpendProof, writeProofs } from '../../../src/ledger/transaction/proofs.ts';
import { makeTransaction, parseTransaction } from '../../../src/ledger/transaction/transaction.ts';
import { readMembers, signTransfer } from '../../../src/ledger/wallet/sign.ts';
import { TORSION, unreduced } from '../../support/crypto/ring.ts';
import { curve, grow, somebody, TEST_PARAMETERS } from '../../support/ledger/chain.ts';
import { chainOf, realLedger, walletOf } from '../../support/ledger/wallets.ts';

const TORCH = 1_000_000_000n;
const ORDER = fromHex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010');
const ALL_TORSION = [curve.encode(curve.identity), ...TORSION];

const alice = walletOf('hostile alice');
const ledger = realLedger([alice.address()], 20);
const chain = chainOf(ledger);
await alice.scan(chain);
const plan = await alice.plan({ payments: [{ to: somebody, amount: 1_500n * TORCH }] }, chain);
const sound = await alice.sign(plan, chain);
const { body, proofs } = sound;
const spend = proofs.spend!;
assert.deepEqual([body.inputs.length, body.outputs.length], [2, 2]);

/** One field of 32 bytes: what it is called, what it holds, and the transaction with something else there. */
interface Field {
  readonly name: string;
  readonly value: Uint8Array;
  with(value: Uint8Array): { body: Body; proofs: Proofs };
}

const inBody = (change: Partial<Body>) => ({ body: { ...body, ...change }, proofs });
const inSpend = (change: Partial<SpendProof>) => ({
  body,
  proofs: { ...proofs, spend: { ...spend, ...change } },
});

/** Every point of the transaction: inputs, outputs, pseudo-outputs, range proof, ring signatures. */
function points(): Field[] {
  const fields: Field[] = [];
  for (const [i, input] of body.inputs.entries()) {
    fields.push({
      name: `image ${i}`,
      value: input.keyImage,
      with: (keyImage) => inBody({ inputs: body.inputs.with(i, { ...input, keyImage }) }),
    });
  }
  for (const [i, output] of body.outputs.entries()) {
    for (const part of ['key', 'commitment', 'txKey'] as const) {
      fields.push({
        name: `${part} ${i}`,
        value: output[part],
        with: (value) => inBody({ outputs: body.outputs.with(i, { ...output, [part]: value }) }),
      });
    }
  }
  for (const [i, value] of spend.pseudoOuts.entries()) {
    const name = `pseudo-output ${i}`;
    fields.push({ name, value, with: (point) => inSpend({ pseudoOuts: spend.pseudoOuts.with(i, point) }) });
  }
  for (const name of ['a', 'a1', 'b'] as const) {
    const value = spend.range[name];
    fields.push({ name, value, with: (point) => inSpend({ range: { ...spend.range, [name]: point } }) });
  }
  for (const side of ['left', 'right'] as const) {
    for (const [i, value] of spend.range[side].entries()) {
      const changed = (point: Uint8Array) => spend.range[side].with(i, point);
      const withPoint = (point: Uint8Array) => inSpend({ range: { ...spend.range, [side]: changed(point) } });
      fields.push({ name: `${side} ${i}`, value, with: withPoint });
    }
  }
  for (const [i, ring] of spend.rings.entries()) {
    const withPoint = (commitmentImage: Uint8Array) =>
      inSpend({ rings: spend.rings.with(i, { ...ring, commitmentImage }) });
    fields.push({ name: `D ${i}`, value: ring.commitmentImage, with: withPoint });
  }
  return fields;
}

/** Every scalar: of the range proof and of the ring signatures. */
function scalars(): Field[] {
  const fields: Field[] = [];
  for (const name of ['r1', 's1', 'd1'] as const) {
    const value = spend.range[name];
    fields.push({ name, value, with: (scalar) => inSpend({ range: { ...spend.range, [name]: scalar } }) });
  }
  for (const [i, ring] of spend.rings.entries()) {
    for (const [j, value] of ring.scalars.entries()) {
      const changed = (scalar: Uint8Array) => ({ ...ring, scalars: ring.scalars.with(j, scalar) });
      const withScalar = (scalar: Uint8Array) => inSpend({ rings: spend.rings.with(i, changed(scalar)) });
      fields.push({ name: `s ${i} ${j}`, value, with: withScalar });
    }
    const withScalar = (challenge: Uint8Array) =>
      inSpend({ rings: spend.rings.with(i, { ...ring, challenge }) });
    fields.push({ name: `c ${i}`, value: ring.challenge, with: withScalar });
  }
  return fields;
}

const apply = (changed: { body: Body; proofs: Proofs }) =>
  ledger.apply({
    height: ledger.head.height + 1,
    transactions: [makeTransaction(changed.body, changed.proofs, curve)],
  });

function refused(changed: { body: Body; proofs: Proofs }, what: string): void {
  assert.throws(() => apply(changed), { code: 'TRANSACTION_INVALID' }, what);
}

const plus = (point: Uint8Array, torsion: Uint8Array): Uint8Array =>
  curve.encode(curve.add(curve.decode(point)!, curve.decode(torsion)!));

describe('a transfer that is written otherwise', () => {
  test('is sound as it is', () => {
    apply({ body, proofs });
    assert.equal(points().length, 2 + 6 + 2 + 3 + 14 + 2);
    assert.equal(scalars().length, 3 + 2 * 17);
  });

  test('every torsion element added to every point', () => {
    for (const { name, value, with: change } of points()) {
      for (const torsion of ALL_TORSION) {
        const same = plus(value, torsion);
        if (toHex(torsion) === toHex(ALL_TORSION[0]!)) assert.deepEqual(same, value);
        else refused(change(same), `${name} + ${toHex(torsion)}`);
      }
    }
  });

  test('every point: the identity, what does not decode, y = p', () => {
    const p = littleEndian(2n ** 255n - 19n, 32);
    for (const { name, with: change } of points()) {
      for (const bad of [ALL_TORSION[0]!, new Uint8Array(32).fill(2), p, p.with(31, 0xff)]) {
        refused(change(bad), `${name} = ${toHex(bad)}`);
      }
    }
  });

  test('every scalar: the same number plus l, l itself, zero, all ones', () => {
    for (const { name, value, with: change } of scalars()) {
      for (const bad of [unreduced(value), ORDER, new Uint8Array(32), new Uint8Array(32).fill(0xff)]) {
        refused(change(bad), `${name} = ${toHex(bad)}`);
      }
    }
  });
});

/** Where the numbers are in an encoding. */
class NumberFinder extends ByteWriter {
  readonly numbers: { from: number; to: number }[] = [];
  #at = 0;

  override bytes(part: Uint8Array): void {
    super.bytes(part);
    this.#at += part.length;
  }

  override varint(value: bigint): void {
    super.varint(value);
    const length = Math.max(1, Math.ceil(value.toString(2).length / 7));
    this.numbers.push({ from: this.#at, to: this.#at + length });
    this.#at += length;
  }
}

function numbersOf(): { from: number; to: number }[] {
  const finder = new NumberFinder();
  bodyCodec.write(finder, body);
  writeProofs(finder, proofs);
  assert.deepEqual(finder.finish(), sound.bytes);
  return finder.numbers;
}

const spliced = (from: number, to: number, bytes: readonly number[]): Uint8Array =>
  Uint8Array.from([...sound.bytes.subarray(0, from), ...bytes, ...sound.bytes.subarray(to)]);

const unreadable = (bytes: Uint8Array, what: string): void => {
  assert.throws(() => parseTransaction(bytes, curve), { code: 'CODEC_INVALID' }, what);
};

describe('bytes that are no transaction', () => {
  test('every number not minimal, 2^64, longer than 64 bits', () => {
    const numbers = numbersOf();
    assert.equal(numbers.length, 2 + 1 + 2 * 16 + 1 + 1 + 1 + 1, 'expiry, fee, counts, rings, memo');
    for (const { from, to } of numbers) {
      const spelled = [...sound.bytes.subarray(from, to)];
      const longer = [...spelled.with(-1, spelled.at(-1)! | 128), 0];
      unreadable(spliced(from, to, longer), `${from}: not minimal`);
      unreadable(spliced(from, to, [...new Array(9).fill(128), 2]), `${from}: 2^64`);
      unreadable(spliced(from, to, [...new Array(10).fill(128), 1]), `${from}: 70 bits`);
    }
  });

  test('a ring member twice, a ring that reaches past 2^53', () => {
    const [, , , ...rest] = numbersOf();
    const ring = rest.slice(0, 16);
    for (const { from, to } of ring.slice(1)) unreadable(spliced(from, to, [0]), `${from}: distance 0`);
    const far = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f];
    unreadable(spliced(ring[0]!.from, ring[0]!.to, far), 'past 2^53');
  });

  test('versions, kinds, proof types and counts that there are not', () => {
    const numbers = numbersOf();
    const proofType = sound.bytes.length - 1 - 32 * (2 + 20 + 2 * 18) - 1;
    assert.equal(sound.bytes[proofType], 1);
    for (let byte = 0; byte < 256; byte++) {
      if (byte !== 1) unreadable(spliced(0, 1, [byte]), `version ${byte}`);
      if (byte !== 0) unreadable(spliced(1, 2, [byte]), `kind ${byte}`);
      if (byte !== 1) unreadable(spliced(proofType, proofType + 1, [byte]), `proof type ${byte}`);
      const [, , inputs] = numbers;
      if (byte !== 2 && byte < 128) unreadable(spliced(inputs!.from, inputs!.to, [byte]), `${byte} inputs`);
    }
    unreadable(sound.bytes.subarray(0, -1), 'cut');
    unreadable(spliced(sound.bytes.length, sound.bytes.length, [0]), 'lengthened');
  });
});

test('a signer who adds torsion to all he makes gains nothing: his key image is the honest one', async () => {
  const members = await readMembers(plan, chain);
  for (const torsion of TORSION.map((bytes) => curve.decode(bytes)!)) {
    const crooked: Curve = {
      ...curve,
      divideByCofactor: (point) => curve.add(curve.divideByCofactor(point), torsion),
    };
    const signing = { account: alice.account, network: TEST_PARAMETERS.network, members, curve: crooked };
    const { transaction, sent } = signTransfer(plan, signing);
    assert.notDeepEqual(transaction.body.inputs[0]!.keyImage, body.inputs[0]!.keyImage);
    const own = realLedger([alice.address()], 20);
    grow(own, transaction);
    const spent = await chainOf(own).spends(0, 2);
    assert.deepEqual(
      spent.map(({ keyImage }) => keyImage),
      sent.spends,
    );
    assert.throws(() => grow(own, sound), { code: 'TRANSACTION_INVALID', message: /already spent/ });
  }
});
