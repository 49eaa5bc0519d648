import { createHash, createPrivateKey, sign } from 'node:crypto';

/** Lines of sha256sum(1), which also verifies them. `files`: content by name. */
export const checksums = (files: ReadonlyMap<string, Uint8Array>): string =>
  [...files]
    .map(([name, bytes]) => `${createHash('sha256').update(bytes).digest('hex')}  ${name}\n`)
    .sort((a, b) => (a.slice(64) < b.slice(64) ? -1 : 1))
    .join('');

/** Signature of a text by the Ed25519 key of a PEM file (PKCS #8, RFC 8410). Throws for other keys. */
export function signText(text: string, pem: string): Uint8Array {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType === 'ed25519') return sign(null, Buffer.from(text), key);
  throw new Error(
    'the key of a release must be of Ed25519: openssl genpkey -algorithm ed25519 -out release.pem',
  );
}
