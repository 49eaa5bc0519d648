/** Clean files of every accepted format, each call another one. */
import { crc32, deflateSync } from 'node:zlib';
import { concat, utf8 } from '#base';
import { ggufFile, tinyLlama } from '../gguf-file.ts';
import { safetensorsFile } from '../safetensors-file.ts';
import { lossless, riffChunk, webpOf } from '../webp-file.ts';
import { attribute, graph, message, model, node, pieces, tensor } from './protobuf.ts';
import type { Random } from './random.ts';

type Bytes = Uint8Array;

function big(...values: number[]): Bytes {
  const out = new Uint8Array(values.length * 4);
  for (const [n, value] of values.entries()) new DataView(out.buffer).setUint32(n * 4, value);
  return out;
}

const chunk = (type: string, data: Bytes): Bytes => {
  const body = concat([utf8(type), data]);
  return concat([big(data.length), body, big(crc32(body))]);
};

export const pngFile = (random: Random): Bytes =>
  concat([
    Uint8Array.of(0x89, 80, 78, 71, 13, 10, 26, 10),
    chunk('IHDR', concat([big(2, 2), Uint8Array.of(8, 0, 0, 0, 0)])),
    chunk('tEXt', utf8(`Comment\0${random.word()}`)),
    chunk('IDAT', new Uint8Array(deflateSync(Uint8Array.of(0, 1, 2, 0, 3, 4)))),
    chunk('IEND', new Uint8Array()),
    utf8(random.pick(['', '\n', '\r\n', '\0\0'])),
  ]);

const segment = (marker: number, data: Bytes): Bytes =>
  concat([Uint8Array.of(0xff, marker, (data.length + 2) >> 8, (data.length + 2) & 255), data]);

export const jpegFile = (random: Random): Bytes =>
  concat([
    Uint8Array.of(0xff, 0xd8),
    segment(0xe0, utf8('JFIF\0\x01\x01\0\0\x01\0\x01\0\0')),
    segment(0xc0, Uint8Array.of(8, 0, 8, 0, 8, 1, 1, 0x11, 0)),
    segment(0xda, Uint8Array.of(1, 1, 0, 0, 63, 0)),
    Uint8Array.from({ length: random.between(4, 60) }, () => random.below(255)),
    Uint8Array.of(0xff, 0, 0x12, 0xff, 0xd9),
  ]);

/** A second picture, or what phones of Samsung write, behind the first. */
const photograph = (random: Random): Bytes => {
  const name = utf8('Image_UTC_Data1234');
  const block = concat([Uint8Array.of(0, 0, 1, 10, name.length, 0, 0, 0), name]);
  const sizes = Uint8Array.of(block.length, 0, 0, 0, block.length, 0, 0, 0);
  const directory = concat([utf8('SEFH'), Uint8Array.of(107, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 10), sizes]);
  const trailer = concat([block, directory, Uint8Array.of(directory.length, 0, 0, 0), utf8('SEFT')]);
  return concat([jpegFile(random), random.pick([() => jpegFile(random), () => trailer])()]);
};

export const gifFile = (random: Random): Bytes =>
  concat([
    utf8('GIF89a'),
    Uint8Array.of(1, 0, 1, 0, 0x80, 0, 0, 1, 2, 3, 4, 5, 6),
    Uint8Array.of(0x21, 0xfe, 3, random.below(256), 2, 3, 0),
    Uint8Array.of(0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, 0x3b),
  ]);

export const webpFile = (random: Random): Bytes =>
  webpOf(
    riffChunk(
      'VP8L',
      lossless({ width: random.between(1, 99), codes: [random.below(256), 0, [1, 2, 2], 0, 0] }),
    ),
    ...(random.chance(2) ? [riffChunk('EXIF', random.bytes(5))] : []),
  );

const safetensors = (random: Random): Bytes => {
  const types = [
    ['F32', 4],
    ['BF16', 2],
    ['I64', 8],
    ['U8', 1],
    ['F8_E4M3', 1],
    ['BOOL', 1],
    ['F64', 8],
  ] as const;
  let end = 0;
  const entries = Array.from({ length: random.between(0, 6) }, (_, n) => {
    const [dtype, bytes] = random.pick(types);
    const shape = Array.from({ length: random.below(4) }, () => random.below(5));
    const begin = end;
    end += shape.reduce((product, side) => product * side, bytes);
    return [`layers.${n}.${random.word()}`, { dtype, shape, data_offsets: [begin, end] }];
  });
  const metadata = { __metadata__: { format: 'pt', [random.word()]: `${random.word()} ${random.word()}` } };
  const text = JSON.stringify({ ...metadata, ...Object.fromEntries(random.shuffled(entries)) });
  return safetensorsFile(text.padEnd(Math.ceil(text.length / 8) * 8, ' '), end);
};

const TEMPLATES = [
  "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
  "{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('roles must alternate') }}{% endif %}{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] | trim + ' [/INST]' }}{% else %}{{ message['content'] + eos_token }}{% endif %}{% endfor %}",
  "{%- set ns = namespace(last=0) %}{%- for m in messages %}{%- if m.role == 'assistant' and '</think>' in m.content %}{{ m.content.split('</think>')[-1].lstrip('\n') }}{%- else %}{{ '<|' ~ m.role ~ '|>\n' ~ m.content }}{%- endif %}{%- endfor %}",
  "{% for m in messages %}{% if m.role == 'tool' %}{{ '<|tool_call_begin|>' ~ m.get('tool_call_id') ~ (m.content | from_json).result }}{% else %}{{ m.content }}{% endif %}{% endfor %}",
];

const json = (value: unknown): Bytes => utf8(JSON.stringify(value, undefined, 2));

const tokenizerJson = (random: Random): Bytes => {
  const words = [...new Set(Array.from({ length: 50 }, () => random.word()))];
  const vocab = Object.fromEntries(['<s>', '</s>', '<unk>', ...words].map((word, id) => [word, id]));
  const size = Object.keys(vocab).length;
  return json({
    version: '1.0',
    added_tokens: [
      { id: 0, content: '<s>', special: true, normalized: false },
      { id: 1, content: '</s>', special: true, normalized: false },
      { id: size, content: `<|${random.word()}|>`, special: true, normalized: false },
      { id: size + 1, content: random.word(12), special: false, normalized: true },
    ],
    pre_tokenizer: {
      type: 'Split',
      pattern: { Regex: "'s|'t| ?\\p{L}+| ?\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+" },
      behavior: 'Isolated',
    },
    model: { type: 'BPE', vocab, merges: [] },
  });
};

const onnx = (random: Random): Bytes => {
  const branch = graph(message(1, node('Identity')));
  return model(
    graph(
      message(1, node(random.pick(['Relu', 'MatMul', 'Conv', 'Softmax', 'LayerNormalization']))),
      message(1, node('Gelu', 'com.microsoft')),
      message(1, node('BertTokenizer', random.pick(['ai.onnx.contrib', 'com.microsoft.extensions']))),
      message(
        1,
        node(
          'If',
          '',
          attribute('then_branch', 5, message(6, branch)),
          attribute('else_branch', 5, message(6, branch)),
        ),
      ),
      message(
        1,
        node('Constant', '', attribute('value', 4, message(5, tensor({ dims: [2], raw: random.bytes(8) })))),
      ),
      message(5, tensor({ dims: [2, 3], raw: random.bytes(24) })),
    ),
  );
};

/** Makers of clean files, by what they are. */
export const CLEAN: readonly (readonly [
  name: string,
  make: (random: Random) => { path: string; bytes: Bytes },
])[] = [
  ['safetensors', (random) => ({ path: 'model.safetensors', bytes: safetensors(random) })],
  [
    'GGUF',
    (random) => ({
      path: `${random.word()}.gguf`,
      bytes: ggufFile({
        ...tinyLlama(),
        metadata: [...tinyLlama().metadata, ['tokenizer.chat_template', ['string', random.pick(TEMPLATES)]]],
      }),
    }),
  ],
  ['ONNX', (random) => ({ path: `${random.word()}.onnx`, bytes: onnx(random) })],
  ['PNG', (random) => ({ path: 'a.png', bytes: pngFile(random) })],
  ['JPEG', (random) => ({ path: 'a.jpg', bytes: jpegFile(random) })],
  ['photograph', (random) => ({ path: 'a.jpg', bytes: photograph(random) })],
  ['GIF', (random) => ({ path: 'a.gif', bytes: gifFile(random) })],
  ['WebP', (random) => ({ path: 'a.webp', bytes: webpFile(random) })],
  [
    'picture with bytes behind it',
    (random) => ({
      path: 'a.png',
      bytes: concat([
        random.pick([pngFile, jpegFile, gifFile, webpFile])(random),
        utf8('padding'),
        random.bytes(40),
      ]),
    }),
  ],
  ['SentencePiece', (random) => ({ path: 'tokenizer.model', bytes: pieces(['<unk>', random.word(), '▁a']) })],
  ['tokenizer.json', (random) => ({ path: 'tokenizer.json', bytes: tokenizerJson(random) })],
  [
    'tokenizer_config.json',
    (random) => ({
      path: 'tokenizer_config.json',
      bytes: json({ chat_template: random.pick(TEMPLATES), model_max_length: 1e30 }),
    }),
  ],
  ['template', (random) => ({ path: 'chat_template.jinja', bytes: utf8(random.pick(TEMPLATES)) })],
  [
    'config.json',
    (random) => ({
      path: 'config.json',
      bytes: json({
        architectures: ['LlamaForCausalLM'],
        hidden_size: random.between(32, 8192),
        rope_theta: 1e4,
        [random.word()]: null,
      }),
    }),
  ],
  [
    'index',
    (random) => ({
      path: 'model.safetensors.index.json',
      bytes: json({
        metadata: { total_size: 1 },
        weight_map: { [random.word()]: 'model-00001-of-00002.safetensors' },
      }),
    }),
  ],
  [
    'README',
    (random) => ({
      path: 'README.md',
      bytes: utf8(
        `---\nlicense: mit\n---\n# ${random.word()}\n\n\`\`\`python\nimport os\n\`\`\`\n漢字 😀\r\n\f`,
      ),
    }),
  ],
  [
    'old README',
    (random) => ({
      path: 'README.txt',
      bytes: concat([utf8(random.word()), Uint8Array.of(0xe9, 0x20, 0x92)]),
    }),
  ],
  [
    'text that spells opcodes of a pickle',
    (random) => ({
      path: random.pick(['notes.txt', 'README.md', 'x.yaml']),
      bytes: utf8(
        random.pick([
          `cargo build ${random.word()}\nand then\n./run\n`,
          `const ${random.word()} = require("../x");\nconst y = 1;\n.z()\n`,
          `MODULE ${random.word()}\n  character(len=8) :: a\n. b c\n`,
          `i am ${random.word()}\nand you\n.\n`,
        ]),
      ),
    }),
  ],
  ['LICENSE', () => ({ path: 'LICENSE', bytes: utf8('Apache License\n') })],
  ['git', () => ({ path: '.gitattributes', bytes: utf8('*.bin filter=lfs diff=lfs merge=lfs -text\n') })],
  ['merges', () => ({ path: 'merges.txt', bytes: utf8('#version: 0.2\nĠ t\nh e\n') })],
  ['vocab', (random) => ({ path: 'vocab.txt', bytes: utf8(`[PAD]\n[UNK]\n##${random.word()}\n\u0080\n`) })],
  [
    'wide text',
    (random) => ({
      path: 'README.txt',
      bytes: concat([
        Uint8Array.of(0xff, 0xfe),
        Buffer.from(`${'слово '.repeat(9)}${random.word()}`, 'utf16le'),
      ]),
    }),
  ],
  [
    'vocab.json',
    (random) => ({
      path: 'vocab.json',
      bytes: json(Object.fromEntries(Array.from({ length: 300 }, (_, id) => [`${random.word()}${id}`, id]))),
    }),
  ],
  [
    'prompt',
    (random) => ({
      path: 'rerank.jinja',
      bytes: utf8(`${random.word()}: {{ query }} {{ document | trim }}`),
    }),
  ],
  [
    'name of a template',
    (random) => ({
      path: 'generation_config.json',
      bytes: json({ chat_template: `chat_templates/${random.word()}.jinja` }),
    }),
  ],
  ['YAML', () => ({ path: 'config.yaml', bytes: utf8('a: 1\nb: [x, y]\n') })],
];
