import type { ManifestFields } from '#distribution';
import type { TensorInfo } from '#formats';

const FILE = 'tiny.gguf';
const tensor = (name: string, offset: number): TensorInfo => ({
  name,
  type: 'Q4_1',
  shape: [32, 32],
  file: FILE,
  offset,
  bytes: 640,
});

/** Fields of a manifest of a model with two blocks, all numbers made up. */
export const tinyManifest = (): ManifestFields => ({
  name: 'tiny',
  version: 3,
  licence: 'Apache-2.0',
  architecture: {
    family: 'llama',
    layers: 2,
    hidden: 32,
    heads: 2,
    kvHeads: 1,
    headDim: 16,
    ffn: 64,
    vocab: 32,
    context: 128,
    ropeTheta: 10000,
    normEps: 1e-5,
    tiedHead: true,
  },
  files: [{ path: FILE, size: 100_000, sha256: new Uint8Array(32).fill(1) }],
  infohash: new Uint8Array(20).fill(2),
  pieceLength: 65536,
  boundary: {
    tensors: [tensor('token_embd.weight', 2000)],
    ranges: [{ file: FILE, offset: 0, length: 1000 }],
  },
  blocks: [
    { tensors: [tensor('blk.0.attn_q.weight', 10_000)], golden: new Uint8Array(32).fill(3) },
    {
      tensors: [tensor('blk.1.attn_q.weight', 20_000), tensor('blk.1.attn_k.weight', 20_640)],
      golden: new Uint8Array(32).fill(4),
    },
  ],
  tokenizer: { kind: 'gguf', file: FILE },
  chatTemplate: '{{ messages[0].content }}',
});
