import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '#base';
import { SigningKey } from '#crypto';
import type { SessionTerms } from '#execution';
import { ReceiptSigner, receiptId } from '#verification';
import { LocalNetwork } from '../../support/local-hosts.ts';

const WIDTH = 8;
/** What a session with one receipt for 32 positions is charged. */
const ONE_CHUNK = 4096 + 1024 + 2 * 32 * WIDTH * 4;

const { id: honest } = await new LocalNetwork().host();
const { id: greedy } = await new LocalNetwork().host();

let drawn = 0;
const terms = (client: string, origin = client): SessionTerms => ({
  session: new Uint8Array(16).fill(++drawn),
  manifest: new Uint8Array(32),
  first: 0,
  end: 1,
  period: 0,
  width: WIDTH,
  client,
  origin,
});
const rows = (count: number) => new Float32Array(count * WIDTH);

function runOne(witness: ReceiptSigner, of: SessionTerms, positions = 32): SessionTerms {
  const session = witness.open(of);
  session.record(0, positions, rows(positions), rows(positions));
  session.close();
  return of;
}

const witnessOf = (limits: object) => new ReceiptSigner({ key: SigningKey.generate(), limits });

test('a log is charged with what it holds, and forgotten ten minutes after its end', (t) => {
  t.mock.timers.enable({ apis: ['Date'] });
  const witness = witnessOf({});
  const kept = runOne(witness, terms(honest));
  assert.equal(witness.bytes, ONE_CHUNK);
  const running = witness.open(terms(honest));
  t.mock.timers.tick(600_001);
  assert.equal(witness.find(kept), undefined);
  running.record(0, 1, rows(1), rows(1));
  assert.equal(running.close().length, 1);
  assert.equal(witness.bytes, 4096 + 1024 + 2 * WIDTH * 4);
});

test('a session that signed nothing leaves nothing', () => {
  const witness = witnessOf({});
  for (let i = 0; i < 100; i++) witness.open(terms(greedy)).close();
  assert.equal(witness.bytes, 0);
});

test('a peer that fills the log loses its own entries, not those of others', () => {
  const witness = witnessOf({ maxBytes: 10 * ONE_CHUNK, clientMaxBytes: 10 * ONE_CHUNK });
  const kept = runOne(witness, terms(honest));
  const flood = Array.from({ length: 50 }, () => runOne(witness, terms(greedy)));
  assert.ok(witness.bytes <= 10 * ONE_CHUNK);
  assert.ok(witness.find(kept));
  assert.deepEqual(flood.map((of) => witness.find(of) !== undefined).filter(Boolean).length, 9);
});

test('many identities of one address are one holder', () => {
  const witness = witnessOf({ maxLogs: 10 });
  const kept = runOne(witness, terms(honest, 'home'), 320);
  for (let i = 0; i < 50; i++) runOne(witness, { ...terms(greedy, 'elsewhere') }, 32);
  assert.ok(witness.find(kept));
});

test('a client has no more than its share, and a session that finds no room ends', () => {
  const witness = witnessOf({ maxBytes: 20 * ONE_CHUNK, clientMaxBytes: 3 * ONE_CHUNK });
  const running = witness.open(terms(greedy));
  assert.throws(
    () => {
      for (let position = 0; position < 3200; position += 32)
        running.record(position, 32, rows(32), rows(32));
    },
    { code: 'LOG_FULL' },
  );
  assert.ok(witness.bytes <= 3 * ONE_CHUNK);
  assert.deepEqual(running.close(), []);
  runOne(witness, terms(honest));
});

test('going back again and again holds no more, and keeps what was rolled back last', () => {
  const witness = witnessOf({ leftMaxBytes: 3 * ONE_CHUNK });
  const of = terms(greedy);
  const running = witness.open(of);
  const ids: string[] = [];
  for (let i = 0; i < 1000; i++) ids.push(toHex(receiptId(running.record(0, 32, rows(32), rows(32))[0]!)));
  assert.ok(witness.bytes <= 5 * ONE_CHUNK);
  const kept = ids.map((id) => witness.find(of)!.branch(id) !== undefined);
  assert.deepEqual(kept.slice(-4), [true, true, true, true]);
  assert.equal(kept.indexOf(true) > 990, true);
  running.close();
});
