/** Files of a great many small things, one kind of them each: what a parser does for each thing must be bounded. */
import { crc32 } from 'node:zlib';
import { concat, utf8 } from '#base';
import { tarFile, zipFile } from '../attacks/archives.ts';
import { gifFile, jpegFile } from '../attacks/clean.ts';
import { attribute, graph, int, message, model, node, pieces, tensor, text } from '../attacks/protobuf.ts';
import { Random } from '../attacks/random.ts';
import { ggufFile, layOut, type TypedValue } from '../gguf-file.ts';
import { safetensorsFile } from '../safetensors-file.ts';
import { lossless, riffChunk, webpOf } from '../webp-file.ts';

type Bytes = Uint8Array;

export interface Many {
  /** Of what there are many, and in what. */
  readonly name: string;
  readonly path: string;
  make(count: number): Bytes;
  /** How many the format's reader takes. */
  readonly most?: number;
}

/** As short as names can be that are all different. */
const short = (n: number): string => (n < 0xd000 ? String.fromCharCode(0x100 + n) : `_${short(n - 0xd000)}`);
const list = <T>(count: number, make: (n: number) => T): T[] =>
  Array.from({ length: count }, (_, n) => make(n));
const json = (value: unknown): Bytes => utf8(JSON.stringify(value));
const record = <T>(count: number, make: (n: number) => T): Record<string, T> =>
  Object.fromEntries(list(count, (n) => [short(n), make(n)]));
const fixed = new Random(1);

const vocabulary = (count: number, model: object): Bytes =>
  json({ version: '1.0', added_tokens: [], model: { type: 'BPE', vocab: {}, merges: [], ...model }, count });

const JSONS: readonly Many[] = [
  { name: 'keys of JSON', path: 'vocab.json', make: (count) => json(record(count, (n) => n)) },
  { name: 'objects of JSON', path: 'x.json', make: (count) => json(list(count, () => ({ a: {} }))) },
  { name: 'strings of JSON', path: 'x.json', make: (count) => json(list(count, short)) },
  { name: 'numbers of JSON', path: 'x.json', make: (count) => json(list(count, (n) => n / 7)) },
  { name: 'escapes of a JSON string', path: 'x.json', make: (count) => json('\\"\n'.repeat(count)) },
  { name: 'blanks of JSON', path: 'x.json', make: (count) => utf8(`[${' \n'.repeat(count)}]`) },
  {
    name: 'arrays in arrays of JSON',
    path: 'x.json',
    make: (count) => utf8('['.repeat(count) + ']'.repeat(count)),
    most: 128,
  },
  {
    name: 'keys below templates',
    path: 'config.json',
    make: (count) => {
      const inner: object = { ...record(count, (n) => n) };
      return json(list(60, () => 0).reduce<object>((below) => ({ chat_template: below }), inner));
    },
    most: 800,
  },
  {
    name: 'shards of an index',
    path: 'model.safetensors.index.json',
    make: (count) => json({ weight_map: record(count, (n) => `model-${n}.safetensors`) }),
  },
  {
    name: 'added tokens',
    path: 'tokenizer.json',
    make: (count) =>
      json({
        added_tokens: list(count, (n) => ({ id: n, content: short(n), special: false })),
        model: { type: 'BPE', vocab: record(count, (n) => n), merges: [] },
      }),
  },
  {
    name: 'merges',
    path: 'tokenizer.json',
    make: (count) => vocabulary(count, { merges: list(count, () => 'a b') }),
  },
  {
    name: 'pieces with scores',
    path: 'tokenizer.json',
    make: (count) => vocabulary(count, { type: 'Unigram', vocab: list(count, (n) => [short(n), -n]) }),
  },
  {
    name: 'alternatives of a pattern',
    path: 'tokenizer.json',
    make: (count) => json({ pre_tokenizer: { pattern: { Regex: list(count, short).join('|') } } }),
    most: 2050,
  },
];

const WEIGHTS: readonly Many[] = [
  {
    name: 'tensors of safetensors',
    path: 'x.safetensors',
    make: (count) =>
      safetensorsFile(
        record(count, (n) => ({ dtype: 'U8', shape: [1], data_offsets: [n, n + 1] })),
        count,
      ),
    most: 65_536,
  },
  {
    name: 'empty tensors of safetensors',
    path: 'x.safetensors',
    make: (count) =>
      safetensorsFile(
        record(count, () => ({ dtype: 'F32', shape: [0], data_offsets: [0, 0] })),
        0,
      ),
    most: 65_536,
  },
  {
    name: 'metadata of safetensors',
    path: 'x.safetensors',
    make: (count) => safetensorsFile({ __metadata__: record(count, () => '') }, 0),
    most: 65_536,
  },
  {
    name: 'keys of GGUF',
    path: 'x.gguf',
    make: (count) => ggufFile({ metadata: list(count, (n) => [`k.${n}`, ['uint8', 1]]), tensors: [] }),
    most: 4096,
  },
  {
    name: 'tokens of GGUF',
    path: 'x.gguf',
    make: (count) =>
      ggufFile({ metadata: [['a.b', ['array', ['string', list(count, short)]]]], tensors: [] }),
  },
  {
    name: 'lists in a list of GGUF',
    path: 'x.gguf',
    make: (count) => {
      const empty: TypedValue = ['array', ['uint8', []]];
      return ggufFile({
        metadata: [['a.b', ['array', ['array', list(count, () => empty[1])]]]],
        tensors: [],
      });
    },
  },
  {
    name: 'tensors of GGUF',
    path: 'x.gguf',
    make: (count) =>
      ggufFile({
        metadata: [],
        tensors: layOut(list(count, (n) => ({ name: `t${n}`, type: 0, dims: [1], bytes: 4 }))),
      }),
    most: 65_536,
  },
  { name: 'pieces of SentencePiece', path: 'x.model', make: (count) => pieces(list(count, short)) },
  {
    name: 'dimensions of NumPy',
    path: 'x.npy',
    make: (count) => {
      const shape = count === 1 ? '1,' : list(count, () => 1).join(', ');
      const header = utf8(`{'descr': '|u1', 'fortran_order': False, 'shape': (${shape}), }\n`);
      const start = Uint8Array.of(0x93, ...utf8('NUMPY'), 1, 0, header.length & 255, header.length >> 8);
      return concat([start, header, Uint8Array.of(7)]);
    },
    most: 2048,
  },
];

const relu = message(1, node('Relu'));
const many = (count: number, part: (n: number) => Bytes): Bytes => concat(list(count, part));
const branch = attribute('then_branch', 5, message(6, graph()));
const body = attribute('body', 5, message(6, graph()));

const ONNX: readonly Many[] = [
  { name: 'nodes', make: (count: number) => model(graph(many(count, () => relu))) },
  {
    name: 'initializers',
    make: (count: number) =>
      model(graph(many(count, () => message(5, tensor({ dims: [1], raw: new Uint8Array(4) }))))),
  },
  {
    name: 'large constants',
    make: (count: number) => {
      const raw = new Uint8Array(8).fill(1);
      return model(graph(many(count, (n) => message(5, tensor({ dims: [], type: 7, raw, name: `c${n}` })))));
    },
  },
  {
    name: 'inputs of a node',
    make: (count: number) => model(graph(message(1, text(4, 'Sum'), many(count, short1)))),
    most: 65_536,
  },
  {
    name: 'attributes of a node',
    make: (count: number) =>
      model(
        graph(
          message(
            1,
            node(
              'Relu',
              '',
              many(count, () => attribute('a', 2, int(3, 1))),
            ),
          ),
        ),
      ),
    most: 32_768,
  },
  {
    name: 'numbers of an attribute',
    make: (count: number) =>
      model(
        graph(message(1, node('Relu', '', attribute('a', 7, message(8, new Uint8Array(count).fill(1)))))),
      ),
  },
  {
    name: 'graphs in graphs',
    make: (count: number) => model(graph(many(count, () => message(1, node('If', '', branch))))),
    most: 65_536,
  },
  {
    name: 'loops',
    make: (count: number) => model(graph(many(count, () => message(1, node('Loop', '', body))))),
    most: 65_536,
  },
  {
    name: 'functions',
    make: (count: number) =>
      model(
        graph(),
        many(count, (n) => message(25, text(1, `f${n}`), text(10, 'local'))),
      ),
    most: 65_536,
  },
  {
    name: 'functions that call one another',
    make: (count: number) =>
      model(
        graph(),
        many(count, (n) =>
          message(25, text(1, `f${n}`), message(7, node(`f${n + 1}`, 'local')), text(10, 'local')),
        ),
      ),
    most: 65_536,
  },
  { name: 'values', make: (count: number) => model(graph(many(count, () => message(13, text(1, 'v'))))) },
  {
    name: 'properties',
    make: (count: number) =>
      model(
        graph(),
        many(count, () => message(14, text(1, 'k'), text(2, 'v'))),
      ),
    most: 50_000,
  },
].map((each) => ({ ...each, name: `${each.name} of ONNX`, path: 'x.onnx' }));

function short1(n: number): Bytes {
  return text(1, `i${n}`);
}

/** Opcodes of a pickle that leaves None. */
const pickle = (opcodes: string): Bytes => Uint8Array.from(`${opcodes}N.`, (code) => code.charCodeAt(0));

const PICKLES: readonly Many[] = [
  { name: 'marks', make: (count: number) => pickle('('.repeat(count)) },
  { name: 'values', make: (count: number) => pickle('N'.repeat(count)) },
  { name: 'tuples', make: (count: number) => pickle(`N${'\x85'.repeat(count)}`) },
  { name: 'lists', make: (count: number) => pickle(`(${']'.repeat(count)}l`) },
  { name: 'dictionaries', make: (count: number) => pickle(`}${'NNs'.repeat(count)}`) },
  { name: 'remembered values', make: (count: number) => pickle('N\x94'.repeat(count)) },
  { name: 'imports', make: (count: number) => pickle('ca\nb\n0'.repeat(count)) },
  { name: 'calls', make: (count: number) => pickle('ca\nb\n)R0'.repeat(count)) },
  { name: 'lines', make: (count: number) => pickle('I1\n0'.repeat(count)) },
  {
    name: 'pickles',
    make: (count: number) => Uint8Array.from('N.'.repeat(count), (code) => code.charCodeAt(0)),
  },
].map((each) => ({ ...each, name: `${each.name} of a pickle`, path: 'x.pkl' }));

const chunk = (type: string, data: Bytes): Bytes => {
  const out = new Uint8Array(12 + data.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, data.length);
  out.set(utf8(type), 4);
  out.set(data, 8);
  view.setUint32(8 + data.length, crc32(out.subarray(4, 8 + data.length)));
  return out;
};

const OTHERS: readonly Many[] = [
  {
    name: 'chunks of PNG',
    path: 'x.png',
    make: (count) =>
      concat([
        Uint8Array.of(0x89, 80, 78, 71, 13, 10, 26, 10),
        chunk('IHDR', Uint8Array.of(0, 0, 0, 2, 0, 0, 0, 2, 8, 0, 0, 0, 0)),
        many(count, () => chunk('tEXt', utf8('a\0b'))),
        chunk('IEND', new Uint8Array()),
      ]),
  },
  {
    name: 'segments of JPEG',
    path: 'x.jpg',
    make: (count) => {
      const jpeg = jpegFile(fixed);
      return concat([
        jpeg.subarray(0, 2),
        many(count, () => Uint8Array.of(0xff, 0xfe, 0, 2)),
        jpeg.subarray(2),
      ]);
    },
  },
  {
    name: 'blocks of GIF',
    path: 'x.gif',
    make: (count) => {
      const gif = gifFile(fixed);
      return concat([gif.subarray(0, 19), many(count, () => Uint8Array.of(0x21, 0xfe, 0)), gif.subarray(19)]);
    },
  },
  {
    name: 'chunks of WebP',
    path: 'x.webp',
    make: (count) =>
      webpOf(
        riffChunk('VP8L', lossless()),
        many(count, () => riffChunk('ABCD')),
      ),
  },
  {
    name: 'members of a ZIP',
    path: 'x.zip',
    make: (count) => zipFile(list(count, (n) => ({ name: `${n}`, data: new Uint8Array() }))),
    most: 65_535,
  },
  {
    name: 'members of a tar',
    path: 'x.tar',
    make: (count) => tarFile(list(count, (n) => ({ name: `${n}`, data: new Uint8Array() }))),
    most: 8193,
  },
  { name: 'lines of text', path: 'x.md', make: (count) => utf8('a\n'.repeat(count)) },
  { name: 'pairs of YAML', path: 'x.yaml', make: (count) => utf8(list(count, (n) => `k${n}: v\n`).join('')) },
  { name: 'blanks of YAML', path: 'x.yaml', make: (count) => utf8(`a:${' '.repeat(count)}"b" c\n`) },
  {
    name: 'statements of a template',
    path: 'x.jinja',
    make: (count) => utf8('{{ a }}'.repeat(count)),
    most: 4096,
  },
];

export const MANY: readonly Many[] = [...JSONS, ...WEIGHTS, ...ONNX, ...PICKLES, ...OTHERS];

/** Powers of two at which tables grow, and their neighbours. */
export const around = (power: number): number[] => [2 ** power - 1, 2 ** power, 2 ** power + 1];
