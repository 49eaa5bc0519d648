/** Hostile inputs for every parser: sound files with a few things wrong, and plain noise. */
import { BitorchError, codeOf } from '#base';
import {
  ByteWindow,
  inBuffer,
  parseJson,
  type RandomAccess,
  readFrom,
  readGguf,
  readImage,
  readNpy,
  readOnnx,
  readSafetensors,
  readSentencePiece,
  readTar,
  readZip,
  runPickle,
} from '#formats';
import { builtInRuleset, convertCheckpoint, scan } from '#security';
import { checkpointFile } from './attacks/checkpoints.ts';
import { CLEAN, FAMILIES, Random } from './attacks/index.ts';

interface Target {
  name: string;
  /** Sound and hostile beginnings. */
  seeds(random: Random): Uint8Array[];
  parse(source: RandomAccess, bytes: Uint8Array): unknown;
}

const clean =
  (...names: string[]) =>
  (random: Random): Uint8Array[] =>
    CLEAN.filter(([name]) => names.includes(name)).map(([, make]) => make(random).bytes);
const hostile =
  (...names: string[]) =>
  (random: Random): Uint8Array[] =>
    FAMILIES.filter(({ name }) => names.includes(name)).map((family) => family.make(random).bytes);
const nothing = { node: () => undefined, tensor: () => undefined, function: () => undefined };
const ruleset = await builtInRuleset();

function soundCheckpoint(random: Random): Uint8Array {
  const view = { storage: 'FloatStorage', key: 0, offset: 0, shape: [2, 2], strides: [2, 1] };
  return checkpointFile([{ name: random.word(), ...view }], [random.bytes(16)]);
}

function followPickle(source: RandomAccess): Promise<unknown> {
  const window = new ByteWindow(0, source.size);
  return readFrom(source, window, runPickle(window, {}, { maxSteps: 100_000, maxObjects: 100_000 }));
}

export const TARGETS: readonly Target[] = [
  {
    name: 'JSON',
    seeds: clean('tokenizer.json', 'config.json', 'index'),
    parse: (_, bytes) => parseJson(bytes, 'x'),
  },
  { name: 'safetensors', seeds: clean('safetensors'), parse: (source) => readSafetensors(source, 'x') },
  { name: 'GGUF', seeds: clean('GGUF'), parse: (source) => readGguf(source, 'x') },
  {
    name: 'ONNX',
    seeds: clean('ONNX'),
    parse: (source) => readOnnx(source, nothing, { maxNodes: 10_000, maxDepth: 32 }),
  },
  { name: 'SentencePiece', seeds: clean('SentencePiece'), parse: readSentencePiece },
  { name: 'PNG', seeds: clean('PNG'), parse: (source) => readImage(source, 'png') },
  { name: 'JPEG', seeds: clean('JPEG'), parse: (source) => readImage(source, 'jpeg') },
  { name: 'GIF', seeds: clean('GIF'), parse: (source) => readImage(source, 'gif') },
  { name: 'WebP', seeds: clean('WebP'), parse: (source) => readImage(source, 'webp') },
  { name: 'NumPy', seeds: hostile('NumPy objects'), parse: readNpy },
  { name: 'ZIP', seeds: hostile('PyTorch checkpoint', 'broken zip'), parse: readZip },
  {
    name: 'tar',
    seeds: hostile('archive that leaves its folder', 'TorchServe, NeMo, Keras, HDF5, SavedModel, TFLite'),
    parse: async (source) => {
      if (!(await readTar(source)).whole) throw new BitorchError('FORMAT_INVALID', 'not whole');
    },
  },
  { name: 'pickle', seeds: hostile('pickle', 'truncated pickle'), parse: followPickle },
  {
    name: 'checkpoint',
    seeds: (random) => [soundCheckpoint(random), ...hostile('PyTorch checkpoint')(random)],
    parse: (source) => convertCheckpoint(source, ruleset, () => Promise.resolve()),
  },
];

/** The scanner itself, fed with everything under every name: it may never throw. */
export const SCANNER: Target = {
  name: 'scan()',
  seeds: (random) => [random.pick(FAMILIES).make(random).bytes, random.pick(CLEAN)[1](random).bytes],
  parse: (source) => scan([{ path: `x${ENDINGS[source.size % ENDINGS.length]}`, source }], ruleset),
};
const ENDINGS = [
  '.pt',
  '.json',
  '.md',
  '.safetensors',
  '.gguf',
  '.onnx',
  '.model',
  '.npy',
  '.jinja',
  '.yaml',
  '',
];

const REFUSALS = new Set(['FORMAT_INVALID', 'FORMAT_UNSUPPORTED', 'SCHEMA_INVALID', 'CONVERT_REFUSED']);

/** A file with up to eight things wrong. */
export function mutate(random: Random, bytes: Uint8Array): Uint8Array {
  let out = Uint8Array.from(bytes);
  for (let edits = random.below(8); edits >= 0 && out.length > 0; edits--) {
    const at = random.below(out.length);
    switch (random.below(7)) {
      case 0:
        out[at] = random.below(256);
        break;
      case 1:
        out[at]! ^= 1 << random.below(8);
        break;
      case 2:
        out.set(
          random
            .pick([
              [0xff, 0xff, 0xff, 0xff],
              [0, 0, 0, 0],
              [0, 0, 0, 0x80],
              [1, 0, 0, 0],
            ])
            .slice(0, out.length - at),
          at,
        );
        break;
      case 3:
        out = out.slice(0, at);
        break;
      case 4:
        out = Uint8Array.from([
          ...out.subarray(0, at),
          ...random.bytes(random.below(9)),
          ...out.subarray(at),
        ]);
        break;
      case 5:
        out = Uint8Array.from([...out.subarray(0, at), ...out.subarray(at + random.below(9))]);
        break;
      default:
        out.copyWithin(at, random.below(out.length), random.below(out.length));
    }
  }
  return random.chance(50) ? random.bytes(random.below(200)) : out;
}

/** Feeds a parser `count` inputs. Throws with the seed when it crashes or hangs. */
export async function fuzz(
  target: Target,
  count: number,
  seed: number,
): Promise<{ refused: number; slowestMs: number }> {
  const random = new Random(seed);
  let refused = 0;
  let slowestMs = 0;
  let seeds = target.seeds(random);
  for (let n = 0; n < count; n++) {
    if (n % 500 === 0) seeds = target.seeds(random);
    const bytes = mutate(random, random.pick(seeds));
    const started = performance.now();
    try {
      await target.parse(inBuffer(bytes), bytes);
    } catch (error) {
      refused++;
      if (!(error instanceof BitorchError) || !REFUSALS.has(codeOf(error))) {
        throw new Error(
          `${target.name}, SEED=${seed}, input ${n}: ${Buffer.from(bytes).toString('hex').slice(0, 2000)}`,
          {
            cause: error,
          },
        );
      }
    }
    slowestMs = Math.max(slowestMs, performance.now() - started);
  }
  return { refused, slowestMs };
}
