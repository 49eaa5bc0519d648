import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { codeOf, encodeCanonical } from '#base';
import { SigningKey } from '#crypto';
import { parseDialable, peerIdFrom } from '#network';
import { formatInvite, type Invite, parseInvite } from '../../../src/node/join/invite.ts';

const keys = [7, 8, 9].map((byte) => new SigningKey(new Uint8Array(32).fill(byte)));
const [inviter, other, third] = keys.map(({ publicKey }) => peerIdFrom(publicKey)) as [
  string,
  string,
  string,
];
const key = keys[0]!;
const NOW = 1_700_000_000_000;

const invite = (changes: Partial<Invite> = {}): Invite => ({
  expires: 1_800_000_000,
  genesis: new Uint8Array(32).fill(0xaa),
  checkpoint: undefined,
  peers: [{ id: inviter, addresses: [parseDialable('192.0.2.5', 4001)!] }],
  trackers: ['http://192.0.2.5:8000/announce'],
  authorities: [inviter],
  unproven: 'pending',
  ...changes,
});
const refusal = (text: string, now = NOW): string | undefined => {
  try {
    parseInvite(text, now);
    return undefined;
  } catch (error) {
    return codeOf(error);
  }
};

test('the vector of the specification is what this program writes', async () => {
  const document = await readFile('docs/protocol/invite.md', 'utf8');
  assert.ok(document.includes(`\n${formatInvite(invite(), key)}\n`), formatInvite(invite(), key));
});

test('an invite is read back as it was written, whichever kinds of addresses it has', () => {
  const whole = invite({
    checkpoint: { height: 123_456, id: new Uint8Array(32).fill(3) },
    peers: [
      {
        id: inviter,
        addresses: [parseDialable('2001:db8::5', 4001)!, parseDialable('example.org', 65_535)!],
      },
      { id: other, addresses: [parseDialable('203.0.113.7', 1)!, parseDialable('2001:db8::1', 9)!] },
    ],
    trackers: ['http://[2001:db8::5]:8000/announce', 'https://tracker.example/announce?key=1'],
    authorities: [other, third],
    unproven: 'cleared',
  });
  assert.deepEqual(parseInvite(formatInvite(whole, key), NOW), whole);
  const bare = invite({ genesis: undefined, trackers: [], authorities: 'none' });
  assert.deepEqual(parseInvite(formatInvite(bare, key), NOW), bare);
});

test('an invite of one peer has at most 300 characters, with a checkpoint too', () => {
  const text = formatInvite(invite({ checkpoint: { height: 1e9, id: new Uint8Array(32) } }), key);
  assert.ok(text.length <= 300, `${text.length}`);
});

test('what does not fit is refused when it is written', () => {
  const authorities = Array.from({ length: 9 }, () => inviter);
  assert.throws(() => formatInvite(invite({ authorities }), key), { code: 'INVITE_TOO_LONG' });
  const trackers = ['a', 'b', 'c'].map((name) => `https://${name.repeat(60)}.example/announce`);
  assert.throws(() => formatInvite(invite({ trackers }), key), { code: 'INVITE_TOO_LONG' });
});

test('it is read as people paste it', () => {
  const text = formatInvite(invite(), key);
  const wrapped = text.replace(/.{60}/g, '$&\r\n  ');
  const invisible = text.replace(/.{40}/g, '$&\u200b');
  const slashed = text.replace('?', '/?');
  const quoted = [`"${text}"`, `<${text}>`, `“${text}”`, `«${text}»`, `\ufeff${text}`];
  for (const pasted of [
    `  ${text}\n`,
    ...quoted,
    wrapped,
    invisible,
    slashed,
    text.replace('bitorch', 'Bitorch'),
  ])
    assert.deepEqual(parseInvite(pasted, NOW), invite());
});

test('no change of a single character passes', () => {
  const text = formatInvite(invite(), key);
  for (let at = 0; at < text.length - 1; at++) {
    const changed = text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
    if (changed.toLowerCase() === text.toLowerCase() && at < 15) continue;
    assert.ok(refusal(changed), `character ${at}`);
  }
  for (let length = 0; length < text.length; length += 7) assert.ok(refusal(text.slice(0, length)));
});

test('an expired invite says when it expired, one of a later version what to update', () => {
  const text = formatInvite(invite(), key);
  assert.equal(refusal(text, 1_800_000_001_000), 'INVITE_EXPIRED');
  const later = encodeCanonical([2, 'whatever comes']);
  const bytes = Buffer.concat([later, key.sign('invite', later)]);
  assert.equal(refusal(`bitorch://join?${bytes.toString('base64url')}`), 'INVITE_OUTDATED');
});

test('signed nonsense is refused', () => {
  const sign = (body: unknown) => {
    const bytes = encodeCanonical(body);
    return `bitorch://join?${Buffer.concat([bytes, key.sign('invite', bytes)]).toString('base64url')}`;
  };
  const peer = [key.publicKey, [new Uint8Array([192, 0, 2, 5, 1, 1])]];
  const body = (changes: Record<number, unknown>) =>
    [1, 1_800_000_000, null, null, [peer], [], [0], false].map((value, i) => changes[i] ?? value);
  assert.equal(refusal(sign(body({}))), undefined);
  const wrong: Record<number, unknown>[] = [
    { 4: [] },
    { 4: [[key.publicKey, [new Uint8Array([0, 0, 0, 0, 1, 1])]]] },
    { 4: [[key.publicKey, [new Uint8Array([224, 0, 0, 1, 1, 1])]]] },
    { 4: [[key.publicKey, [new Uint8Array([192, 0, 2, 5, 0, 0])]]] },
    { 4: [[key.publicKey, [['a\u0000b', 80]]]] },
    { 4: [[new Uint8Array(31), []]] },
    { 4: Array.from({ length: 9 }, () => peer) },
    { 6: [1] },
    { 6: ['none'] },
    { 1: -1 },
    { 2: new Uint8Array(31) },
    { 7: 0 },
    { 3: [1.5, new Uint8Array(32)] },
    { 3: [0, new Uint8Array(32)] },
    { 3: [1e15, new Uint8Array(32)] },
    { 5: [0] },
    { 4: [[key.publicKey, []]], 5: [8000] },
  ];
  for (const changes of wrong)
    assert.equal(refusal(sign(body(changes))), 'INVITE_INVALID', JSON.stringify(changes));
  assert.equal(refusal(sign({ a: 1 })), 'INVITE_INVALID');
  assert.equal(refusal('bitorch://join?'), 'INVITE_INVALID');
  assert.equal(refusal('https://example.org'), 'INVITE_INVALID');
  assert.equal(refusal('x'.repeat(100_000)), 'INVITE_INVALID');
});
