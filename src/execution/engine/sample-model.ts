import { type Architecture, TENSOR_BLOCK, type TensorInfo, type TensorType } from '#formats';
import { type BlockRole, shapeOf } from '../families/index.ts';
import { GGUF_BLOCK } from '../families/llama/tensors.ts';

/** A small model with deterministic pseudo-random weights, identical on every machine, that self-checks run. */
export interface SampleModel {
  architecture: Architecture;
  blocks: TensorInfo[][];
  boundary: TensorInfo[];
  read(tensor: TensorInfo): Promise<Uint8Array>;
}

/** Creates the tensors of an architecture. `typeOf` selects the type of each matrix. */
export function sampleModel(
  shape: Partial<Architecture>,
  typeOf: (role: BlockRole | 'embedding' | 'head', block: number) => TensorType,
): SampleModel {
  const architecture: Architecture = {
    family: 'llama',
    layers: 2,
    hidden: 128,
    heads: 4,
    kvHeads: 2,
    headDim: 32,
    ffn: 256,
    vocab: 100,
    context: 64,
    ropeTheta: 10000,
    normEps: 1e-5,
    tiedHead: true,
    ...shape,
  };
  const make = (name: string, type: TensorType, dimensions: number[]): TensorInfo => {
    const [elements, blockBytes] = TENSOR_BLOCK[type];
    const count = dimensions.reduce((product, n) => product * n, 1);
    return {
      name,
      type,
      shape: dimensions,
      file: 'sample',
      offset: 0,
      bytes: (count / elements) * blockBytes,
    };
  };
  const blocks = Array.from({ length: architecture.layers }, (_, block) =>
    Object.entries(GGUF_BLOCK).map(([name, role]) => {
      const type = role.endsWith('Norm') ? 'F32' : typeOf(role, block);
      return make(`blk.${block}.${name}.weight`, type, shapeOf(role, architecture));
    }),
  );
  const boundary = [
    make('token_embd.weight', typeOf('embedding', 0), shapeOf('embedding', architecture)),
    make('output_norm.weight', 'F32', shapeOf('norm', architecture)),
  ];
  if (!architecture.tiedHead) {
    boundary.push(make('output.weight', typeOf('head', 0), shapeOf('head', architecture)));
  }
  return { architecture, blocks, boundary, read: async (tensor) => sampleBytes(tensor) };
}

/** Linear congruential generator s ← (1664525 · s + 1013904223) mod 2^32; yields the upper 16 bits of each s. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0;
    return state >>> 16;
  };
}

/** Bytes of a tensor, from a generator seeded with its name. The magnitudes keep hidden states near 1. */
export function sampleBytes(tensor: TensorInfo): Uint8Array {
  let seed = 1;
  for (const letter of tensor.name) seed = (Math.imul(seed, 31) + letter.charCodeAt(0)) >>> 0;
  const next = generator(seed);
  const bytes = new Uint8Array(tensor.bytes);
  const view = new DataView(bytes.buffer);
  const [, blockBytes] = TENSOR_BLOCK[tensor.type];
  const isNorm = tensor.name.includes('norm');
  for (let at = 0; at < bytes.length; at += blockBytes) {
    // f16 scales of 2^-8 … 2^-7 for 4 bits, 2^-12 … 2^-11 for 8; minima near −8 scales
    switch (tensor.type) {
      case 'F32':
        view.setFloat32(at, isNorm ? 0.5 + next() / 65536 : (next() - 32768) / 2 ** 19, true);
        break;
      case 'F16':
        view.setUint16(at, (next() & 0x8000) | 0x2800 | (next() & 0x3ff), true);
        break;
      case 'BF16':
        view.setUint16(at, (next() & 0x8000) | 0x3d00 | (next() & 0x7f), true);
        break;
      case 'Q8_0':
        view.setUint16(at, 0x0c00 | (next() & 0x3ff), true);
        for (let i = 2; i < blockBytes; i++) bytes[at + i] = next();
        break;
      default:
        view.setUint16(at, 0x1c00 | (next() & 0x3ff), true);
        if (tensor.type === 'Q4_1') view.setUint16(at + 2, 0xa800 | (next() & 0x3ff), true);
        for (let i = tensor.type === 'Q4_1' ? 4 : 2; i < blockBytes; i++) bytes[at + i] = next();
    }
  }
  return bytes;
}
