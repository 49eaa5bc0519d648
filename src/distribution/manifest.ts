import {
  BitorchError,
  check,
  cleanText,
  decodeCanonical,
  domainHash,
  encodeCanonical,
  z,
  zBytes,
  zCount,
} from '#base';
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES, type SigningKey, verifySignature } from '#crypto';
import { architectureSchema, TENSOR_BLOCK, type TensorInfo, tensorInfoSchema } from '#formats';
import { isPieceLength } from './metainfo.ts';
import { checkPaths, MAX_FILES } from './paths.ts';
import type { ByteRange } from './swarm/ranges.ts';

export const MAX_MANIFEST_BYTES = 16 * 1024 * 1024;
/** Bound on CBOR values in a manifest: about fifteen per tensor and seven per file. */
const MAX_ITEMS = 1 << 19;
const MAX_TEMPLATE_BYTES = 64 * 1024;
const PURPOSE = 'manifest';

const rangeSchema = z.strictObject({ file: z.string().min(1).max(1024), offset: zCount, length: zCount });

/** docs/protocol/manifest.md is normative. */
const fieldsSchema = z.strictObject({
  format: z.literal(1),
  name: z
    .string()
    .min(1)
    .max(128)
    .refine((name) => cleanText(name, 128) === name, 'must be one line of plain text'),
  /** Increases with each release that a publisher makes under a name. */
  version: z.number().int().min(1).max(0xffffffff),
  licence: z.string().max(256),
  architecture: architectureSchema,
  /** Version of docs/protocol/arithmetic.md with which the golden hashes were computed. */
  arithmetic: z.literal(1),
  files: z
    .array(z.strictObject({ path: z.string().min(1).max(1024), size: zCount, sha256: zBytes(32) }))
    .min(1)
    .max(MAX_FILES),
  infohash: zBytes(20),
  pieceLength: z.number().int().refine(isPieceLength, 'must be a power of two from 16 KiB to 16 MiB'),
  /** Data for the client's node: tensors outside the blocks, and byte ranges of tokenizer, config and headers. */
  boundary: z.strictObject({
    tensors: z.array(tensorInfoSchema).max(64),
    ranges: z.array(rangeSchema).max(MAX_FILES),
  }),
  /** Each block's tensors, and the hash of its output for the fixed input of docs/protocol/arithmetic.md. */
  blocks: z
    .array(z.strictObject({ tensors: z.array(tensorInfoSchema).min(1).max(1024), golden: zBytes(32) }))
    .min(1)
    .max(1024),
  tokenizer: z.strictObject({ kind: z.enum(['gguf', 'tokenizer.json']), file: z.string().min(1).max(1024) }),
  chatTemplate: z
    .string()
    .refine((text) => Buffer.byteLength(text) <= MAX_TEMPLATE_BYTES, 'must be at most 64 KiB')
    .nullable(),
  /** Ed25519 public key. */
  publisher: zBytes(PUBLIC_KEY_BYTES),
});

const sealedSchema = z.strictObject({
  manifest: z.instanceof(Uint8Array),
  signature: zBytes(SIGNATURE_BYTES),
});

/** Everything a node needs to know about a model to download, run and verify any part of it. */
export type Manifest = z.infer<typeof fieldsSchema>;

/** Fields supplied by a publisher; signManifest() adds format, arithmetic and publisher. */
export type ManifestFields = Omit<Manifest, 'format' | 'arithmetic' | 'publisher'>;

/**
 * Creates the signed manifest, in the encoding that nodes store and relay. Throws what openManifest() would throw for these
 * fields: SCHEMA_INVALID, PATH_UNSAFE or MANIFEST_INVALID.
 */
export function signManifest(fields: ManifestFields, key: SigningKey): Uint8Array {
  const complete = { ...fields, format: 1, arithmetic: 1, publisher: key.publicKey };
  const manifest = encodeCanonical(complete);
  const sealed = encodeCanonical({ manifest, signature: key.sign(PURPOSE, manifest) });
  openManifest(sealed);
  return sealed;
}

/**
 * Parses and verifies a signed manifest from an untrusted peer. Throws CODEC_INVALID, SCHEMA_INVALID, PATH_UNSAFE,
 * MANIFEST_INVALID (its parts are inconsistent) or MANIFEST_SIGNATURE.
 */
export function openManifest(sealed: Uint8Array): Manifest {
  const { bytes, signature } = unseal(sealed);
  const manifest = check(
    fieldsSchema,
    decodeCanonical(bytes, MAX_MANIFEST_BYTES, { items: MAX_ITEMS }),
    'manifest',
  );
  if (!verifySignature(PURPOSE, bytes, signature, manifest.publisher)) {
    throw new BitorchError('MANIFEST_SIGNATURE', 'manifest refused: it is not signed by its publisher');
  }
  checkConsistency(manifest);
  return manifest;
}

/** The model's id (32 bytes): a hash of the signed bytes. Throws CODEC_INVALID or SCHEMA_INVALID. */
export function manifestId(sealed: Uint8Array): Uint8Array {
  return domainHash('manifest-id', unseal(sealed).bytes);
}

function unseal(sealed: Uint8Array): { bytes: Uint8Array; signature: Uint8Array } {
  const { manifest, signature } = check(
    sealedSchema,
    decodeCanonical(sealed, MAX_MANIFEST_BYTES, { items: 5 }),
    'manifest',
  );
  return { bytes: manifest, signature };
}

/** Byte ranges that a stage of blocks [first, end) needs, and nothing else. */
export function blockRanges(manifest: Manifest, first: number, end: number): ByteRange[] {
  return manifest.blocks.slice(first, end).flatMap(({ tensors }) => tensors.map(rangeOf));
}

/** Byte ranges that a client needs: boundary tensors, tokenizer, config and headers. */
export function boundaryRanges(manifest: Manifest): ByteRange[] {
  return [...manifest.boundary.ranges, ...manifest.boundary.tensors.map(rangeOf)];
}

const rangeOf = ({ file, offset, bytes }: TensorInfo): ByteRange => ({ file, offset, length: bytes });

function checkConsistency(manifest: Manifest): void {
  const { files, blocks, boundary, architecture, tokenizer } = manifest;
  checkPaths(files.map(({ path }) => path));
  if (blocks.length !== architecture.layers) {
    throw invalid(`${blocks.length} blocks for ${architecture.layers} layers`);
  }
  const sizes = new Map(files.map(({ path, size }) => [path, size]));
  if (!Number.isSafeInteger(files.reduce((sum, { size }) => sum + size, 0))) throw invalid('files too large');
  if (!sizes.has(tokenizer.file)) throw invalid('the tokenizer’s file is not among the files');
  const tensors = [...boundary.tensors, ...blocks.flatMap((block) => block.tensors)];
  for (const range of [...boundary.ranges, ...tensors.map(rangeOf)]) {
    if (range.offset + range.length > (sizes.get(range.file) ?? -1)) {
      throw invalid(`bytes ${range.offset}+${range.length} lie outside of ${JSON.stringify(range.file)}`);
    }
  }
  for (const tensor of tensors) checkSize(tensor);
  checkDisjoint(tensors);
}

function checkSize({ name, type, shape, bytes }: TensorInfo): void {
  const [perBlock, blockBytes] = TENSOR_BLOCK[type];
  const elements = shape.reduce((product, side) => product * side, 1);
  if (shape.at(-1)! % perBlock !== 0 || (elements / perBlock) * blockBytes !== bytes) {
    throw invalid(`tensor ${JSON.stringify(name)} of ${type} [${shape}] has ${bytes} bytes`);
  }
}

/** No two tensors share a name or a byte. */
function checkDisjoint(tensors: readonly TensorInfo[]): void {
  if (new Set(tensors.map(({ name }) => name)).size !== tensors.length)
    throw invalid('two tensors of one name');
  const byPlace = tensors.toSorted((a, b) =>
    a.file === b.file ? a.offset - b.offset : a.file < b.file ? -1 : 1,
  );
  for (const [n, tensor] of byPlace.entries()) {
    const next = byPlace[n + 1];
    if (next?.file === tensor.file && next.offset < tensor.offset + tensor.bytes) {
      throw invalid(`tensors ${JSON.stringify(tensor.name)} and ${JSON.stringify(next.name)} overlap`);
    }
  }
}

const invalid = (what: string): BitorchError =>
  new BitorchError('MANIFEST_INVALID', `manifest refused: ${what}`);
