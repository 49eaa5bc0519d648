/** Attacks that run code: pickles in all their wrappings, programs, archives. */
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { concat, utf8 } from '#base';
import { tarFile, type ZipEntry, zipFile } from './archives.ts';
import type { Family } from './family.ts';
import { harmlessPickle, maliciousPickle } from './pickles.ts';
import type { Random } from './random.ts';

const PICKLE_NAMES = ['.pt', '.bin', '.ckpt', '.pkl', '.pth', '.joblib', '.pickle', '.dat', '', '.data'];
const OTHER_NAMES = [
  '.txt',
  '.json',
  '.md',
  '.safetensors',
  '.gguf',
  '.onnx',
  '.png',
  '.npy',
  '.model',
  '.jinja',
  '.csv',
  '.yaml',
];
const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
const named = (random: Random, endings: readonly string[]) => `${random.word()}${random.pick(endings)}`;

/** The members of a PyTorch checkpoint around a pickle. */
function checkpoint(random: Random, pickle: Uint8Array): ZipEntry[] {
  const folder = random.pick(['archive', 'model', random.word()]);
  return [
    { name: `${folder}/data.pkl`, data: pickle },
    { name: `${folder}/byteorder`, data: utf8('little') },
    { name: `${folder}/data/0`, data: random.bytes(64) },
    { name: `${folder}/version`, data: utf8('3\n') },
  ];
}

const npy = (random: Random): Uint8Array => {
  const header = "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".padEnd(117, ' ');
  return concat([
    latin1('\x93NUMPY\x01\x00'),
    Uint8Array.of(118, 0),
    utf8(`${header}\n`),
    maliciousPickle(random),
  ]);
};

const executables: readonly ((random: Random) => Uint8Array)[] = [
  (random) => concat([latin1('\x7fELF\x02\x01\x01\x00'), random.bytes(200)]),
  (random) =>
    concat([
      latin1('MZ\x90\x00\x03\x00\x00\x00'),
      random.bytes(52),
      Uint8Array.of(64, 0, 0, 0),
      latin1('PE\0\0'),
      random.bytes(99),
    ]),
  (random) => concat([latin1('\xcf\xfa\xed\xfe'), random.bytes(100)]),
  (random) => concat([latin1('\0asm\x01\0\0\0'), random.bytes(50)]),
  (random) => concat([latin1('\xca\xfe\xba\xbe'), random.bytes(50)]),
];

export const CODE_FAMILIES: readonly Family[] = [
  {
    name: 'pickle',
    make: (random) => ({
      path: named(random, PICKLE_NAMES),
      bytes: maliciousPickle(random),
      rule: /^pickle/,
    }),
  },
  {
    name: 'pickle under another name',
    make: (random) => ({
      path: named(random, OTHER_NAMES),
      bytes: maliciousPickle(random),
      rule: /^(pickle|wrong-name|polyglot)/,
    }),
  },
  {
    name: 'truncated pickle',
    make: (random) => ({
      path: named(random, PICKLE_NAMES),
      bytes: maliciousPickle(random, { truncated: true }),
      rule: /^pickle/,
    }),
  },
  {
    name: 'PyTorch checkpoint',
    make: (random) => {
      const entries = checkpoint(random, maliciousPickle(random)).map((entry) => ({
        ...entry,
        deflate: random.chance(4),
      }));
      return { path: named(random, PICKLE_NAMES), bytes: zipFile(random.shuffled(entries)), rule: /^pickle/ };
    },
  },
  {
    name: 'zip with a pickle',
    make: (random) => {
      const member = {
        name: named(random, [...PICKLE_NAMES, ...OTHER_NAMES]),
        data: maliciousPickle(random),
        deflate: random.chance(2),
      };
      const others = [{ name: 'readme.txt', data: utf8('hello') }];
      return {
        path: named(random, ['.zip', '.npz', '.bin', '.txt', '.pt']),
        bytes: zipFile(random.shuffled([member, ...others])),
        rule: /^pickle/,
      };
    },
  },
  {
    name: 'broken zip',
    make: (random) => {
      const pickle = maliciousPickle(random);
      const one = (fault: Partial<ZipEntry>): ZipEntry[] =>
        checkpoint(random, pickle).map((entry, n) => (n === 0 ? { ...entry, ...fault } : entry));
      const bytes = random.pick([
        () => zipFile(one({ crc: 12345 })),
        () => zipFile(one({ localName: 'archive/harmless.txt' })),
        () => zipFile(one({ flags: 1 })),
        () => zipFile(one({ flags: 0x20 })),
        () => zipFile(one({ bytes: 3 })),
        () => zipFile(one({}), { headless: true }),
        () => zipFile(one({}), { prefix: random.bytes(random.between(1, 40)) }),
        () => zipFile(one({}), { comment: maliciousPickle(random) }),
        () => zipFile(one({}), { hidden: 1 }),
        () => zipFile([...one({}), { name: 'archive/data.pkl', data: harmlessPickle(random) }]),
        () => zipFile(one({})).subarray(0, -random.between(1, 30)),
      ])();
      return { path: named(random, ['.pt', '.bin', '.zip']), bytes, rule: /./ };
    },
  },
  {
    name: 'packed pickle',
    make: (random) => {
      const pack = random.pick([gzipSync, deflateSync, zstdCompressSync]);
      return {
        path: named(random, ['.gz', '.joblib', '.pkl', '.z', '.json']),
        bytes: new Uint8Array(pack(maliciousPickle(random))),
        rule: /^(pickle|archive)/,
      };
    },
  },
  {
    name: 'nested archives',
    make: (random) => {
      let bytes = zipFile([{ name: 'a.pkl', data: maliciousPickle(random) }]);
      for (let depth = random.between(1, 6); depth > 0; depth--) {
        bytes = random.pick([
          () => zipFile([{ name: `${random.word()}.zip`, data: bytes, deflate: random.chance(2) }]),
          () => tarFile([{ name: random.word(), data: bytes }]),
          () => new Uint8Array(gzipSync(bytes)),
        ])();
      }
      return { path: named(random, ['.zip', '.tar', '.bin']), bytes, rule: /^(pickle|archive)/ };
    },
  },
  {
    name: 'NumPy objects',
    make: (random) => ({
      path: named(random, ['.npy', '.bin']),
      bytes: npy(random),
      rule: /^(numpy-object|pickle)/,
    }),
  },
  {
    name: 'npz with objects',
    make: (random) => ({
      path: named(random, ['.npz']),
      bytes: zipFile([{ name: 'a.npy', data: npy(random) }]),
      rule: /^numpy-object/,
    }),
  },
  {
    name: 'archive that leaves its folder',
    make: (random) => {
      const name = random.pick(['../../etc/cron.d/x', '/etc/passwd', 'a/../../b', 'C:\\x', '..\\x']);
      const zip = () => zipFile([{ name, data: random.bytes(10) }]);
      const link = () => zipFile([{ name: 'x', data: utf8('/etc/passwd'), mode: 0o120777 }]);
      const tar = () =>
        tarFile([
          random.pick([
            { name, data: random.bytes(10) },
            { name: 'x', type: '2', link: '/etc/passwd' },
          ]),
        ]);
      return {
        path: named(random, ['.zip', '.tar', '.nemo', '.bin']),
        bytes: random.pick([zip, link, tar])(),
        rule: /^archive-path/,
      };
    },
  },
  {
    name: 'archive bomb',
    make: (random) => {
      const zeros = new Uint8Array(random.between(2, 4) << 20);
      const zip = () => zipFile([{ name: 'x.bin', data: zeros, deflate: true }]);
      const overlapping = () => zipFile([{ name: 'x.bin', data: random.bytes(1 << 14) }], { repeat: 20_000 });
      return {
        path: named(random, ['.zip', '.gz']),
        bytes: random.pick([zip, overlapping, () => new Uint8Array(gzipSync(zeros))])(),
        rule: /^archive-bomb/,
      };
    },
  },
  {
    name: 'TorchScript',
    make: (random) => {
      const entries = [
        ...checkpoint(random, harmlessPickle(random)),
        { name: 'archive/code/__torch__.py', data: utf8('def forward(self): pass') },
      ];
      return { path: named(random, ['.pt', '.pth']), bytes: zipFile(entries), rule: /^(torchscript|script)/ };
    },
  },
  {
    name: 'TorchServe, NeMo, Keras, HDF5, SavedModel, TFLite',
    make: (random) => {
      const [path, bytes, rule] = random.pick<() => [string, Uint8Array, RegExp]>([
        () => [
          'x.mar',
          zipFile([
            { name: 'MAR-INF/MANIFEST.json', data: utf8('{}') },
            { name: 'handler.py', data: utf8('import os') },
          ]),
          /^mar/,
        ],
        () => [
          'x.nemo',
          tarFile([
            { name: './model_config.yaml', data: utf8('target: a.b') },
            { name: 'w.ckpt', data: maliciousPickle(random) },
          ]),
          /^(nemo|pickle)/,
        ],
        () => [
          'x.keras',
          zipFile([
            { name: 'config.json', data: utf8('{}') },
            { name: 'metadata.json', data: utf8('{}') },
          ]),
          /^keras/,
        ],
        () => [
          'x.h5',
          concat([latin1('\x89HDF\r\n\x1a\n'), random.bytes(60), utf8('{"class_name": "Lambda"}')]),
          /^keras-code/,
        ],
        () => ['saved_model.pb', concat([Uint8Array.of(8, 1, 18, 4), random.bytes(99)]), /^saved-model/],
        () => ['x.tflite', concat([Uint8Array.of(28, 0, 0, 0), utf8('TFL3'), random.bytes(99)]), /^tflite/],
      ])();
      return { path, bytes, rule };
    },
  },
  {
    name: 'program',
    make: (random) => ({
      path: named(random, ['.exe', '.so', '', '.safetensors', '.txt', '.json', '.bin', '.png']),
      bytes: random.pick(executables)(random),
      rule: /^executable/,
    }),
  },
  {
    name: 'llamafile',
    make: (random) => ({
      path: named(random, ['.llamafile', '.gguf', '']),
      bytes: concat([utf8("MZqFpD='"), random.bytes(99)]),
      rule: /^llamafile/,
    }),
  },
  {
    name: 'script',
    make: (random) => {
      const text = random.pick([
        '#!/bin/sh\nid\n',
        '#!/usr/bin/env python3\nimport os\n',
        '<?php system("id");',
      ]);
      const [path, source] = random.pick<[string, string]>([
        [`modeling_${random.word()}.py`, 'import os\nos.system("id")\n'],
        [`${random.word()}.sh`, 'id\n'],
        [`${random.word()}${random.pick(['.txt', '.md', '.json', '', '.bin'])}`, text],
      ]);
      return { path, bytes: utf8(source), rule: /^script/ };
    },
  },
  {
    name: 'other archives and unknown bytes',
    make: (random) => {
      const magic = random.pick([
        '7z\xbc\xaf\x27\x1c',
        'Rar!\x1a\x07\x01',
        '\xfd7zXZ\0',
        'BZh9\x00',
        '\xff\xfe\xfd\xfc',
        '%PDF-1.7',
      ]);
      return {
        path: named(random, ['.7z', '.bin', '.dat', '']),
        bytes: concat([latin1(magic), random.bytes(200), latin1('\0\0')]),
        rule: /./,
      };
    },
  },
];
