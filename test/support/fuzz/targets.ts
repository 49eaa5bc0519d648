/** Every parser of files, with what makes inputs for it. */
import { BitorchError } from '#base';
import { describeModel } from '#execution';
import {
  ByteWindow,
  crcOf,
  HEAD_BYTES,
  identify,
  inBuffer,
  type Json,
  parseGgufMetadata,
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
  unpack,
  unpackMember,
} from '#formats';
import { builtInRuleset, convertCheckpoint, scan } from '#security';
import { backtrackingDegree } from '../../../src/security/regex/ambiguity.ts';
import { checkpointFile } from '../attacks/checkpoints.ts';
import { CLEAN, FAMILIES, type Random } from '../attacks/index.ts';
import { safetensorsFile } from '../safetensors-file.ts';
import { scramble } from './bytes.ts';
import {
  makeCompressed,
  makeGguf,
  makeJpeg,
  makeNpy,
  makeTar,
  makeZip,
  mutatePng,
  mutateRiff,
} from './containers.ts';
import { mutateJson } from './json.ts';
import { makeRegex, mutateTemplate } from './languages.ts';
import { around, MANY } from './many.ts';
import { makePickle } from './pickles.ts';
import { mutateMessage } from './protobuf.ts';

export interface Target {
  readonly name: string;
  /** Sound and hostile beginnings: made anew now and then. */
  seeds(random: Random): Uint8Array[];
  /** A hostile input out of one of them. */
  input(random: Random, seed: Uint8Array, seeds: readonly Uint8Array[]): Uint8Array;
  parse(source: RandomAccess, bytes: Uint8Array): unknown;
}

const ruleset = await builtInRuleset();
/** Of small things: 2 to the power of 16 at most. */
const POWERS = 17;
const MOST = 2 ** 16 + 1;
const nothing = {
  node: () => undefined,
  tensor: () => undefined,
  function: () => undefined,
  endless: () => undefined,
  metadata: () => undefined,
};

const clean =
  (...names: string[]) =>
  (random: Random): Uint8Array[] =>
    CLEAN.filter(([name]) => names.includes(name)).map(([, make]) => make(random).bytes);
const hostile =
  (...names: string[]) =>
  (random: Random): Uint8Array[] =>
    FAMILIES.filter(({ name }) => names.includes(name)).map((family) => family.make(random).bytes);
const both =
  (...makers: ((random: Random) => Uint8Array[])[]) =>
  (random: Random): Uint8Array[] =>
    makers.flatMap((make) => make(random));
const noSeeds = (): Uint8Array[] => [new Uint8Array(1)];

/** Sound documents, parsed; hostile ones stay bytes. */
function editJson(random: Random, seed: Uint8Array): Uint8Array {
  const document = documentOf(seed);
  return document === undefined ? scramble(random, seed) : mutateJson(random, document);
}

const documents = new WeakMap<Uint8Array, { value: Json | undefined }>();

function documentOf(seed: Uint8Array): Json | undefined {
  let known = documents.get(seed);
  if (!known) {
    try {
      known = { value: JSON.parse(Buffer.from(seed).toString()) as Json };
    } catch {
      known = { value: undefined };
    }
    documents.set(seed, known);
  }
  return known.value;
}

/** Another header, of the length that it says, before the same data. */
function editSafetensors(random: Random, seed: Uint8Array): Uint8Array {
  const length = new DataView(seed.buffer, seed.byteOffset).getUint32(0, true);
  if (random.chance(4)) return scramble(random, seed);
  const header = editJson(random, seed.slice(8, 8 + length));
  return safetensorsFile(
    Buffer.from(header).toString(),
    seed.length - 8 - length + (random.chance(8) ? 1 : 0),
  );
}

function soundCheckpoint(random: Random): Uint8Array {
  const view = { storage: 'FloatStorage', key: 0, offset: 0, shape: [2, 2], strides: [2, 1] };
  return checkpointFile([{ name: random.word(), ...view }], [random.bytes(16)]);
}

function followPickle(source: RandomAccess): Promise<unknown> {
  const window = new ByteWindow(0, source.size);
  return readFrom(source, window, runPickle(window, {}, { maxSteps: 100_000, maxObjects: 100_000 }));
}

async function unpackZip(source: RandomAccess): Promise<void> {
  const { members, problems } = await readZip(source);
  for (const member of members.slice(0, 8)) {
    const unpacked = await unpackMember(source, member);
    if (unpacked) await crcOf(unpacked.source);
  }
  if (problems.length > 0) throw new BitorchError('FORMAT_INVALID', problems[0]!);
}

async function unpackStream(source: RandomAccess, [first]: Uint8Array): Promise<void> {
  const how = ({ 31: 'gzip', 120: 'zlib', 40: 'zstd' } as const)[first as 0x1f] ?? 'deflate';
  if (!(await unpack(source, how)).whole) throw new BitorchError('FORMAT_INVALID', 'damaged');
}

const FOLDER_CONFIG = {
  ...{ model_type: 'llama', architectures: ['LlamaForCausalLM'], num_hidden_layers: 1, hidden_size: 64 },
  ...{
    num_attention_heads: 2,
    num_key_value_heads: 1,
    intermediate_size: 96,
    vocab_size: 10,
    rms_norm_eps: 1e-5,
  },
  ...{ max_position_embeddings: 128, hidden_act: 'silu', rope_scaling: { rope_type: 'llama3', factor: 8 } },
};
const SHARDS = { metadata: {}, weight_map: { a: 'm-1.safetensors', b: 'm-1.safetensors' } };
const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
const shard = safetensorsFile(
  {
    a: { dtype: 'F32', shape: [1], data_offsets: [0, 4] },
    b: { dtype: 'F16', shape: [2], data_offsets: [4, 8] },
  },
  8,
);

/** The same bytes as configuration, as index, as template's home and as GGUF: who describes a model reads them all. */
async function describe(source: RandomAccess, bytes: Uint8Array): Promise<void> {
  if (bytes[0] === 0x47) {
    await describeModel([{ path: 'm.gguf', source }]);
    return;
  }
  const file = (path: string, content: Uint8Array) => ({ path, source: inBuffer(content) });
  const rest = [file('tokenizer.json', json({})), file('m-1.safetensors', shard)];
  const has = (text: string) => Buffer.from(bytes).includes(text);
  const config = has('"weight_map"') || has('"chat_template"') ? json(FOLDER_CONFIG) : bytes;
  const index = has('"weight_map"') ? bytes : json(SHARDS);
  const more = has('"chat_template"') ? [file('tokenizer_config.json', bytes)] : [];
  const files = [file('config.json', config), file('model.safetensors.index.json', index), ...rest, ...more];
  await describeModel(files);
}

function identifyOrRefuse(_: RandomAccess, bytes: Uint8Array): void {
  if (identify(bytes.subarray(0, HEAD_BYTES), bytes.length) === undefined) {
    throw new BitorchError('FORMAT_UNSUPPORTED', 'no signature');
  }
}

const scanAs =
  (path: string) =>
  async (source: RandomAccess): Promise<void> => {
    const { verdict } = await scan([{ path, source }], ruleset);
    if (verdict === 'refused') throw new BitorchError('FORMAT_INVALID', 'refused');
  };

const scrambled = (random: Random, seed: Uint8Array): Uint8Array => scramble(random, seed);
const OTHERS = 'TorchServe, NeMo, Keras, HDF5, SavedModel, TFLite';
const TOKENIZERS = clean('tokenizer.json', 'tokenizer_config.json', 'config.json', 'index');

export const TARGETS: readonly Target[] = [
  { name: 'JSON', seeds: TOKENIZERS, input: editJson, parse: (_, bytes) => parseJson(bytes, 'x') },
  {
    name: 'safetensors',
    seeds: clean('safetensors'),
    input: editSafetensors,
    parse: (source) => readSafetensors(source, 'x'),
  },
  {
    name: 'GGUF',
    seeds: clean('GGUF'),
    input: (random, seed) => (random.chance(4) ? scramble(random, seed) : makeGguf(random)),
    parse: async (source, bytes) => {
      parseGgufMetadata(bytes);
      await readGguf(source, 'x');
    },
  },
  {
    name: 'ONNX',
    seeds: both(
      clean('ONNX'),
      hostile('ONNX: operators', 'ONNX: tensors and structure', 'ONNX: files outside of the model'),
    ),
    input: mutateMessage,
    parse: (source) => readOnnx(source, nothing, { maxNodes: 10_000, maxDepth: 32 }),
  },
  {
    name: 'SentencePiece',
    seeds: clean('SentencePiece'),
    input: mutateMessage,
    parse: (source) => readSentencePiece(source),
  },
  { name: 'PNG', seeds: clean('PNG'), input: mutatePng, parse: (source) => readImage(source, 'png') },
  { name: 'JPEG', seeds: clean('JPEG'), input: makeJpeg, parse: (source) => readImage(source, 'jpeg') },
  { name: 'GIF', seeds: clean('GIF'), input: scrambled, parse: (source) => readImage(source, 'gif') },
  { name: 'WebP', seeds: clean('WebP'), input: mutateRiff, parse: (source) => readImage(source, 'webp') },
  { name: 'NumPy', seeds: noSeeds, input: makeNpy, parse: readNpy },
  {
    name: 'ZIP',
    seeds: both(hostile('PyTorch checkpoint', 'broken zip', 'pickle'), clean('README')),
    input: (random, seed, seeds) => (seed[0] === 0x50 ? scramble(random, seed) : makeZip(random, seeds)),
    parse: unpackZip,
  },
  {
    name: 'tar',
    seeds: both(hostile('archive that leaves its folder', 'pickle'), clean('README')),
    input: (random, _, seeds) => makeTar(random, seeds),
    parse: async (source) => {
      if (!(await readTar(source)).whole) throw new BitorchError('FORMAT_INVALID', 'not whole');
    },
  },
  {
    name: 'packed streams',
    seeds: both(hostile('pickle'), clean('README', 'config.json')),
    input: (random, seed) => makeCompressed(random, seed),
    parse: unpackStream,
  },
  {
    name: 'pickle',
    seeds: hostile('pickle', 'truncated pickle'),
    input: (random, _, seeds) => makePickle(random, seeds),
    parse: followPickle,
  },
  {
    name: 'checkpoint',
    seeds: both((random) => [soundCheckpoint(random)], hostile('PyTorch checkpoint')),
    input: scrambled,
    parse: (source) => convertCheckpoint(source, ruleset, () => Promise.resolve()),
  },
  {
    name: 'model folder',
    seeds: both(clean('GGUF', 'tokenizer_config.json'), () => [json(FOLDER_CONFIG), json(SHARDS)]),
    input: (random, seed) => (seed[0] === 0x47 ? scramble(random, seed) : editJson(random, seed)),
    parse: describe,
  },
  {
    name: 'signatures',
    seeds: both(
      clean(...CLEAN.map(([name]) => name)),
      hostile(OTHERS, 'program', 'pictures with something behind them'),
    ),
    input: scrambled,
    parse: identifyOrRefuse,
  },
  {
    name: 'regex',
    seeds: noSeeds,
    input: (random) => Buffer.from(makeRegex(random)),
    parse: (_, bytes) => backtrackingDegree(Buffer.from(bytes).toString()),
  },
  {
    name: 'chat template',
    // What is made of a hostile template is refused, so that most seeds are clean.
    seeds: both(
      ...Array.from({ length: 6 }, () => clean('template')),
      hostile('chat template that breaks out', 'chat template that deceives'),
    ),
    input: (random, _, seeds) =>
      mutateTemplate(
        random,
        seeds.map((seed) => Buffer.from(seed).toString()),
      ),
    parse: scanAs('chat_template.jinja'),
  },
  {
    name: 'tokenizer.json',
    seeds: both(clean('tokenizer.json'), hostile('added tokens', 'tokenizer regex')),
    input: editJson,
    parse: scanAs('tokenizer.json'),
  },
  {
    name: 'configuration',
    seeds: both(clean('tokenizer_config.json', 'config.json', 'index'), hostile('remote code')),
    input: editJson,
    parse: scanAs('tokenizer_config.json'),
  },
];

/** Files of many small things under their own names, now and then with something wrong: small counts are frequent. */
export const MANY_TARGETS: readonly Target[] = MANY.map(({ name, path, make, most = MOST }) => ({
  name,
  seeds: noSeeds,
  input: (random) => {
    const bytes = make(Math.min(most, Math.max(1, random.pick(around(random.below(POWERS))))));
    return random.chance(4) ? scramble(random, bytes) : bytes;
  },
  parse: scanAs(path),
}));

const ENDINGS = [
  ...['.pt', '.json', '.md', '.safetensors', '.gguf', '.onnx', '.model', '.npy', '.jinja', '.yaml', ''],
  ...['.h5', '.keras', '.tflite', '.pb', '.npz', '.tar', '.gz', '.png', '.jpg', '.gif', '.webp', '.txt'],
];

/** What the bytes would be called by who made them: no signature tells ONNX and JSON. */
const naturalEnding = ([first]: Uint8Array): string | undefined =>
  first === 0x08 ? '.onnx' : first === 0x7b ? '.json' : first === 0x0a ? '.model' : undefined;

/** Unpacking a bomb takes its time each time: the families have them. */
const QUICK = FAMILIES.filter(({ name }) => name !== 'archive bomb');

/** The scanner itself, fed with everything under every name: it may never throw. */
export const SCANNER: Target = {
  name: 'scan()',
  seeds: (random) =>
    Array.from({ length: 16 }, (_, n) =>
      n % 2 === 0 ? random.pick(QUICK).make(random).bytes : random.pick(CLEAN)[1](random).bytes,
    ),
  input: scrambled,
  parse: (source, bytes) => {
    const ending = source.size % 2 === 0 ? naturalEnding(bytes) : undefined;
    return scan([{ path: `x${ending ?? ENDINGS[source.size % ENDINGS.length]}`, source }], ruleset);
  },
};
