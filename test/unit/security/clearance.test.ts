import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createLog, toHex } from '#base';
import { Clearance, type SealedAttestation, type Trust } from '#security';
import { attest, attestationFields, authority } from '../../support/attestation.ts';

const log = createLog('silent');
const [alice, bob, eve] = await Promise.all([authority(1), authority(2), authority(3)]);
const MANIFEST = new Uint8Array(32).fill(9);
const ID = toHex(MANIFEST);

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bitorch-clearance-'));
});
after(() => rm(folder, { recursive: true, force: true }));

let made = 0;
const clearance = (trust: Trust, name = `c${made++}`) =>
  new Clearance({ trust, folder: join(folder, name) }, { log });
/** As if the report of every word were here. */
const confirmed = (c: Clearance): Clearance => {
  for (const word of c.about(ID)) c.confirm(word);
  return c;
};
const good = (time = 1000): SealedAttestation => attest(alice, { manifest: MANIFEST, time });
const bad = (time = 1000, who = alice): SealedAttestation =>
  attest(who, { manifest: MANIFEST, time, verdict: 'quarantined' });

test('a model is pending, cleared by a good word, quarantined by one bad word among good ones', () => {
  const c = clearance([alice.id, bob.id]);
  assert.equal(c.stateOf(ID), 'pending');
  assert.equal(c.allows(ID), false);
  assert.equal(c.accept(good()), 'accept');
  assert.equal(confirmed(c).stateOf(ID), 'cleared');
  assert.equal(c.accept(bad(1, bob)), 'accept');
  assert.equal(c.stateOf(ID), 'quarantined');
  assert.equal(c.allows(ID), false);
});

test('the newest word of an authority counts, whatever the order; of one moment the bad one', () => {
  for (const order of [
    [good(1), bad(2), good(3)],
    [good(3), bad(2), good(1)],
  ]) {
    const c = clearance([alice.id]);
    for (const sealed of order) c.accept(sealed);
    assert.equal(confirmed(c).stateOf(ID), 'cleared');
  }
  for (const order of [
    [good(5), bad(5)],
    [bad(5), good(5)],
  ]) {
    const c = clearance([alice.id]);
    for (const sealed of order) c.accept(sealed);
    assert.equal(c.stateOf(ID), 'quarantined');
  }
});

test('strangers, old news and the future are ignored; another name on a signature is refused', () => {
  const c = clearance([alice.id]);
  assert.equal(c.accept(bad(1000, eve)), 'ignore');
  assert.equal(c.accept(good()), 'accept');
  assert.equal(c.accept(good()), 'ignore');
  assert.equal(c.accept(bad(Date.now() + 600_000)), 'ignore');
  assert.throws(
    () => c.accept({ ...bad(2000, eve), authority: alice.id }),
    /authority|is not signed by the key that it names/,
  );
  const forged = bad(3000);
  forged.sealed[5]! ^= 1;
  assert.throws(() => c.accept(forged), { code: 'SIGNATURE_INVALID' });
  assert.equal(confirmed(c).stateOf(ID), 'cleared');
});

test('with no trust in anybody everything is unchecked', () => {
  const c = clearance('none');
  c.accept(bad());
  assert.equal(c.stateOf(ID), 'unchecked');
  assert.equal(c.allows(ID), true);
});

test('a restart remembers, forgets whom it trusts no more, and leaves what is damaged', async () => {
  const first = clearance([alice.id, bob.id], 'disk');
  await first.open();
  first.accept(good());
  first.accept(bad(1000, bob));
  await first.close();
  await writeFile(join(folder, 'disk', 'broken.attestation'), 'x');
  const again = clearance([alice.id, bob.id], 'disk');
  await again.open();
  assert.equal(again.stateOf(ID), 'quarantined');
  const narrower = clearance([alice.id], 'disk');
  await narrower.open();
  assert.equal(confirmed(narrower).stateOf(ID), 'cleared');
  assert.equal((await readdir(join(folder, 'disk'))).length, 3);
});

test('a word for a model that its authority could not run clears nothing, unless the owner says so', async () => {
  const unavailable = {
    ...attestationFields(alice).trial,
    state: 'unavailable',
    note: 'no sandbox',
  } as const;
  const word = (time: number) =>
    attest(alice, { manifest: MANIFEST, time, verdict: 'unproven', trial: unavailable });
  const c = clearance([alice.id, bob.id]);
  assert.equal(c.accept(word(1)), 'accept');
  assert.deepEqual([c.stateOf(ID), c.allows(ID)], ['pending', false]);
  c.accept(attest(bob, { manifest: MANIFEST }));
  assert.equal(confirmed(c).stateOf(ID), 'cleared');
  c.accept(bad(2));
  assert.equal(c.stateOf(ID), 'quarantined');

  const options = { trust: [alice.id], folder: join(folder, 'unproven'), unproven: 'cleared' } as const;
  const lenient = new Clearance(options, { log });
  lenient.accept(word(1));
  assert.equal(confirmed(lenient).stateOf(ID), 'cleared');
  lenient.accept(bad(2));
  assert.equal(lenient.stateOf(ID), 'quarantined');
  await Promise.all([c.close(), lenient.close()]);
});

test('a clearance without a trial that was passed is no attestation', () => {
  const c = clearance([alice.id]);
  for (const state of ['failed', 'omitted', 'unavailable'] as const) {
    const trial = { ...attestationFields(alice).trial, state };
    assert.throws(() => c.accept(attest(alice, { manifest: MANIFEST, trial })), { code: 'SCHEMA_INVALID' });
  }
  assert.equal(c.stateOf(ID), 'pending');
});

test('a word that clears counts once its report is here; one against a model counts at once', async () => {
  const c = clearance([alice.id, bob.id]);
  const changes: string[] = [];
  c.onChange((id) => changes.push(id));
  c.accept(good());
  assert.deepEqual([c.stateOf(ID), c.allows(ID)], ['unreported', false]);
  assert.deepEqual(c.clearedBy(ID), []);
  const [word] = c.about(ID);
  c.confirm(word!);
  c.confirm(word!);
  assert.deepEqual([c.stateOf(ID), c.allows(ID)], ['cleared', true]);
  assert.deepEqual(c.clearedBy(ID), [alice.id]);
  assert.deepEqual(changes, [ID, ID], 'told once that it is cleared now');

  c.accept(good(2000));
  assert.equal(c.stateOf(ID), 'cleared', 'a newer word of the same authority, whose report is on its way');
  c.confirm(word!);
  c.discredit(word!);
  assert.equal(c.stateOf(ID), 'cleared', 'an older word says nothing any more');
  c.discredit(c.about(ID)[0]!);
  assert.equal(c.stateOf(ID), 'pending');
  c.accept(bad(1000, bob));
  assert.equal(c.stateOf(ID), 'quarantined');
  await c.close();
});
