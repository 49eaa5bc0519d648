/** Documents in parts, and peers that answer with anything. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { Host } from '#network';
import { askForRuleset, DocumentExchange, fetchDocument } from '#security';

const ID = new Uint8Array(32).fill(1);
const PEER = { id: 'peer', addresses: [] };
const REPORT = { kind: 'report', id: ID } as const;

type Answer = (message: unknown) => Promise<unknown>;
/** The network between two nodes: what one answers is what the other gets. */
const answering = (answer: Answer) =>
  ({ request: (_: unknown, __: string, message: unknown) => answer(message) }) as unknown as Host;

async function serving(
  documents: Record<'report' | 'ruleset', Uint8Array | undefined>,
): Promise<{ host: Host; reads: number[] }> {
  let answer: Answer = async () => assert.fail('it does not answer');
  const reads: number[] = [];
  const host = {
    answer: async (_: string, handler: Answer) => {
      answer = handler;
    },
  } as unknown as Host;
  const find = (kind: 'report' | 'ruleset') => async () => {
    reads.push(1);
    return documents[kind];
  };
  await new DocumentExchange({ report: find('report'), ruleset: find('ruleset') }, { host }).start();
  return { host: answering((message) => answer(message)), reads };
}

test('a document of any size comes as it is, read once', async () => {
  for (const size of [0, 1, (512 << 10) - 1, 512 << 10, (512 << 10) + 1, 1_700_000]) {
    const report = new Uint8Array(randomBytes(size));
    const { host, reads } = await serving({ report, ruleset: undefined });
    assert.deepEqual(await fetchDocument(host, PEER, REPORT), report);
    assert.equal(reads.length, 1);
    await assert.rejects(fetchDocument(host, PEER, { kind: 'ruleset', id: new Uint8Array(32) }), {
      code: 'DOCUMENT_MISSING',
    });
  }
});

test('who asks for anything else is refused', async () => {
  const { host } = await serving({ report: new Uint8Array(10), ruleset: undefined });
  const ask = (message: unknown) => host.request(PEER, '', message);
  for (const message of [
    {},
    { kind: 'key', id: ID, offset: 0 },
    { kind: 'report', id: ID.slice(1), offset: 0 },
    { ...REPORT, offset: -1 },
    { ...REPORT, offset: 0, more: 1 },
  ])
    await assert.rejects(ask(message), { code: 'SCHEMA_INVALID' });
  assert.equal(await ask({ ...REPORT, offset: 11 }), null);
});

const part = (size: number, length: number) => ({ size, part: new Uint8Array(length) });
const LIES: readonly (readonly [what: string, answers: readonly unknown[]])[] = [
  ['is too large', [part(1 << 30, 1000)]],
  ['has an empty part', [part(1000, 0)]],
  ['has more than it says', [part(10, 11)]],
  ['changes its size', [part(1 << 20, 512 << 10), part(1 << 19, 512 << 10)]],
  ['comes to nothing half-way', [part(1 << 20, 512 << 10), null]],
  ['comes byte by byte', [part(1000, 1)]],
  ['has a part that is too large', [part(1 << 20, (512 << 10) + 1)]],
  ['is something else', [{ size: -1, part: new Uint8Array(1) }]],
  ['is a text', ['hello']],
];
for (const [what, answers] of LIES) {
  test(`a document that ${what} is not taken`, async () => {
    const left = [...answers];
    const host = answering(async () => (left.length > 0 ? left.shift() : assert.fail('it goes on asking')));
    await assert.rejects(
      fetchDocument(host, PEER, REPORT),
      /DOCUMENT_|SCHEMA_|parts|bytes|does not have|invalid|document/i,
    );
  });
}

test('an offer of anything but an id and a version is not taken', async () => {
  const offers = [
    null,
    {},
    { id: ID, version: 0 },
    { id: ID, version: 2 ** 32 },
    { id: ID.slice(1), version: 1 },
    { id: ID, version: 1, x: 1 },
  ];
  for (const offer of offers)
    await assert.rejects(
      askForRuleset(
        answering(async () => offer),
        PEER,
      ),
      { code: 'SCHEMA_INVALID' },
    );
  assert.equal(
    (
      await askForRuleset(
        answering(async () => ({ id: ID, version: 7 })),
        PEER,
      )
    ).version,
    7,
  );
});
