/** The vectors of wallets that believe no node: `node test/vectors/consensus/make-light.ts` writes them anew. */
import { writeFileSync } from 'node:fs';
import { toHex, utf8 } from '#base';
import { encode, MerkleMountainRange } from '#ledger';
import { MemoryStore, Overlay } from '#store';
import { OPEN_PATHS, queryCodec, replyCodec } from '../../../src/consensus/light/protocol.ts';
import { grow, TestChain } from '../../support/consensus/application.ts';

const STRETCHES = [
  { from: 0, to: 0, count: 11 },
  { from: 3, to: 7, count: 11 },
  { from: 10, to: 11, count: 11 },
  { from: 2, to: 5, count: 6 },
];
const ASKED = {
  '/roots': new Uint8Array(0),
  '/totals': Uint8Array.of(0),
  '/proven-outputs': Uint8Array.of(4, 6, 20),
  '/proven-spends': Uint8Array.of(0, 0, 0),
  '/proven-outputs-at': Uint8Array.of(2, 3, 17, 20),
};

/** Everything in hexadecimal. */
export async function lightVectors() {
  const view = new Overlay(new MemoryStore());
  const range = new MerkleMountainRange(1);
  const leaves = Array.from({ length: 11 }, (_, i) => utf8(`leaf ${i}`));
  range.append(view, leaves);
  const chain = await TestChain.begun();
  for (let i = 0; i < 3; i++) await grow(chain);
  const { appHash, height } = await chain.application.info();
  const questions = [];
  for (const path of OPEN_PATHS) {
    const data = ASKED[path];
    const { value } = await chain.application.query({ path, data });
    questions.push({
      path,
      question: toHex(encode(queryCodec, { type: 'query', value: { path: utf8(path), data } })),
      answer: toHex(encode(replyCodec, { code: 0, log: utf8(''), value })),
    });
  }
  return {
    range: {
      leaves: leaves.map(toHex),
      root: toHex(range.root(view)),
      proofs: STRETCHES.map((stretch) => ({ ...stretch, proof: range.prove(view, stretch).map(toHex) })),
    },
    state: { height, appHash: toHex(appHash) },
    questions,
    submit: toHex(encode(queryCodec, { type: 'submit', value: { transaction: utf8('transaction') } })),
  };
}

if (import.meta.main) {
  const path = new URL('../../../docs/protocol/vectors/light.json', import.meta.url);
  writeFileSync(path, `${JSON.stringify(await lightVectors(), undefined, 2)}\n`);
}
