/** The vectors of half-aggregation: `node test/vectors/crypto/make-half-aggregate.ts` writes them anew. */
import { writeFileSync } from 'node:fs';
import { concat, domainHash, sha256, toHex, utf8 } from '#base';
import { aggregateSignatures, defaultCurve, SigningKey } from '#crypto';
import { EDGES } from '../../support/crypto/signatures.ts';

const curve = defaultCurve();
const TEXT = utf8('half-aggregate vectors');
const MESSAGE = domainHash('vote', TEXT);

const honest = Array.from({ length: 67 }, (_, i) => {
  const key = new SigningKey(sha256(utf8(`half-aggregate vectors ${i}`)));
  return { publicKey: key.publicKey, signature: key.sign('vote', TEXT) };
});
/** A key and a point of small order, spelled as nobody would: good under ZIP-215 with s = 0. */
const edge = { publicKey: EDGES.at(-1)!, signature: concat([EDGES[1]!, new Uint8Array(32)]) };

function vector(signed: typeof honest) {
  const { nonces, scalar } = aggregateSignatures(curve, MESSAGE, signed);
  return {
    publicKeys: signed.map(({ publicKey }) => toHex(publicKey)),
    signatures: signed.map(({ signature }) => toHex(signature)),
    nonces: nonces.map(toHex),
    scalar: toHex(scalar),
  };
}

export const halfAggregateVectors = () => ({
  message: toHex(MESSAGE),
  good: {
    one: vector(honest.slice(0, 1)),
    two: vector(honest.slice(0, 2)),
    'two, the other way round': vector([honest[1]!, honest[0]!]),
    'a key twice': vector([honest[0]!, honest[0]!]),
    'with small order': vector([honest[0]!, edge, honest[1]!]),
    quorum: vector(honest),
  },
  bad: {
    'the key of another': vector([honest[0]!, { ...honest[1]!, publicKey: honest[2]!.publicKey }]),
    'a damaged point': vector([honest[0]!, { ...honest[1]!, signature: damaged(honest[1]!.signature) }]),
  },
});

function damaged(signature: Uint8Array): Uint8Array {
  const copy = signature.slice();
  copy[3]! ^= 16;
  return copy;
}

if (import.meta.main) {
  const path = new URL('half-aggregate.json', import.meta.url);
  writeFileSync(path, `${JSON.stringify(halfAggregateVectors(), undefined, 2)}\n`);
}
