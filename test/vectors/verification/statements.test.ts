import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fromHex, toHex } from '#base';
import { SigningKey } from '#crypto';
import {
  chunkHash,
  openChain,
  openTicket,
  openVerdict,
  receiptId,
  rowHashes,
  signReceipt,
  signTicket,
  signVerdict,
} from '#verification';

const vectors = JSON.parse(await readFile(new URL('statements.json', import.meta.url), 'utf8'));
const key = new SigningKey(fromHex(vectors.seed));

/** Fields whose values are bytes are written in hexadecimal. */
const BYTES = [
  'session',
  'manifest',
  'client',
  'before',
  'input',
  'output',
  'receipt',
  'signed',
  'recomputed',
];
const read = (value: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name,
      BYTES.includes(name) && typeof field === 'string' ? fromHex(field) : field,
    ]),
  );

test('rows and chunks hash as specified', () => {
  const { rows, width, states, hash } = vectors.chunk;
  const floats = Float32Array.from(states);
  assert.equal(floats.length, rows * width);
  assert.equal(toHex(chunkHash(rowHashes(floats, rows))), hash);
});

test('receipts, their ids, tickets and verdicts have the bytes that are specified', async () => {
  const sealed: Uint8Array[] = [];
  for (const { value, bytes, id } of vectors.receipts) {
    const signed = signReceipt(read(value) as never, key);
    assert.equal(toHex(signed), bytes);
    assert.equal(toHex(receiptId(signed)), id);
    sealed.push(signed);
  }
  const chain = await openChain(sealed, key.publicKey);
  assert.deepEqual(
    chain.map(({ id }) => toHex(id)),
    vectors.receipts.map(({ id }: { id: string }) => id),
  );

  const ticket = vectors.ticket;
  const given = fromHex(ticket.bytes);
  assert.equal(toHex(signTicket(read(ticket.value) as never, key)), ticket.bytes);
  assert.equal(openTicket(given, key.publicKey, ticket.value.expires).auditor, ticket.value.auditor);
  for (const now of [ticket.value.expires + 120_001, ticket.value.expires - 720_001])
    assert.throws(() => openTicket(given, key.publicKey, now), { code: 'TICKET_EXPIRED' });

  for (const { value, bytes } of vectors.verdicts) {
    assert.equal(toHex(signVerdict(read(value) as never, key)), bytes);
    assert.equal(openVerdict(fromHex(bytes), key.publicKey).from, value.from);
  }
});
