import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat } from '#base';
import { inBuffer } from '#formats';
import { builtInRuleset, scan } from '#security';
import { attribute, graph, int, message, model, node, tensor, text } from '../../support/attacks/protobuf.ts';

type Bytes = Uint8Array;
const ruleset = await builtInRuleset();

async function findings(bytes: Bytes): Promise<string[]> {
  const { files } = await scan([{ path: 'm.onnx', source: inBuffer(bytes) }], ruleset);
  return files[0]!.findings
    .filter(({ rule }) => rule !== 'onnx-unknown-operator')
    .map(({ rule, detail }) => `${rule}: ${detail}`);
}

/** A function of the model's own; `calls`: the functions that it runs, in a graph inside of it when nested. */
const declared = (name: string, calls: readonly string[], { nested = false, overload = '' } = {}): Bytes => {
  const nodes = calls.map((callee) => node(callee, 'local'));
  const body = nested
    ? [
        node(
          'If',
          '',
          attribute('then_branch', 5, message(6, graph(...nodes.map((each) => message(1, each))))),
        ),
      ]
    : nodes;
  return message(
    25,
    text(1, name),
    ...body.map((each) => message(7, each)),
    text(10, 'local'),
    ...(overload ? [text(13, overload)] : []),
  );
};
const calling = (functions: readonly Bytes[], ...calls: string[]): Bytes =>
  model(graph(...calls.map((name) => message(1, node(name, 'local')))), ...functions);

test('functions that come back to themselves are found, also through others and out of inner graphs', async () => {
  const circle = (name: string) => [`resource-bomb: the function local:${name}: calls itself`];
  assert.deepEqual(await findings(calling([declared('F', ['F'])], 'F')), circle('F'));
  assert.deepEqual(await findings(calling([declared('F', ['F'], { nested: true })], 'F')), circle('F'));
  assert.deepEqual(
    await findings(calling([declared('A', ['B']), declared('B', ['C', 'Relu']), declared('C', ['A'])], 'A')),
    circle('A'),
  );
  // Nobody calls it: a runtime follows it all the same.
  assert.deepEqual(await findings(calling([declared('F', ['F'])])), circle('F'));
});

test('functions that call one another without a circle are fine', async () => {
  const diamond = [
    declared('A', ['B', 'C']),
    declared('B', ['D']),
    declared('C', ['D', 'D']),
    declared('D', []),
  ];
  assert.deepEqual(await findings(calling(diamond, 'A', 'D')), []);
  const overloads = [declared('F', ['G']), declared('F', [], { overload: 'two' }), declared('G', [])];
  assert.deepEqual(await findings(calling(overloads, 'F')), []);
});

test('functions that unfold to more than any model has, or too deep', async () => {
  const doubling = Array.from({ length: 64 }, (_, n) =>
    declared(`f${n}`, n < 63 ? [`f${n + 1}`, `f${n + 1}`] : []),
  );
  assert.match((await findings(calling(doubling, 'f0'))).join(), /^resource-bomb: the functions unfold to/);
  const chain = Array.from({ length: 2000 }, (_, n) => declared(`f${n}`, n < 1999 ? [`f${n + 1}`] : []));
  assert.match(
    (await findings(calling(chain, 'f0'))).join(),
    /^resource-bomb: functions call one another 2000 deep/,
  );
});

const named = (
  operator: string,
  inputs: readonly string[],
  outputs: readonly string[],
  ...attributes: Bytes[]
) =>
  message(
    1,
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(4, operator),
    ...attributes,
  );
/** A tensor of one number, packed as bytes or as a field. */
const number = (value: bigint, name = '', { type = 7, packed = true, rank = 0 } = {}): Bytes => {
  const raw = new Uint8Array(type === 9 ? 1 : 8);
  if (type === 9) raw[0] = Number(value);
  else new DataView(raw.buffer).setBigInt64(0, value, true);
  const field = type === 9 ? 5 : 7;
  return concat([
    ...(rank > 0 ? [int(1, 1)] : []),
    int(2, type),
    ...(packed ? [message(9, raw)] : [int(field, value)]),
    text(8, name),
  ]);
};
const constant = (output: string, value: Bytes) =>
  named('Constant', [], [output], attribute('value', 4, message(5, value)));
const values = (field: number, names: readonly string[]) =>
  names.map((name) => message(field, text(1, name)));

interface Body {
  nodes: Bytes[];
  inputs?: string[];
  outputs?: string[];
}

const loop = (trips: string, condition: string, { nodes, inputs, outputs }: Body): Bytes => {
  const body = concat([
    ...nodes,
    text(2, 'body'),
    ...values(11, inputs ?? ['i', 'c', 'v']),
    ...values(12, outputs ?? ['again', 'v2']),
  ]);
  return named('Loop', [trips, condition, 'x'], ['y'], attribute('body', 5, message(6, body)));
};
const INT64_MAX = 2n ** 63n - 1n;
const TRUE = number(1n, '', { type: 9 });
const FALSE = number(0n, '', { type: 9, packed: false });
const next = named('Add', ['v', 'one'], ['v2']);
const always = [constant('again', TRUE), next];

test('loops that nothing ends', async () => {
  const other = graph(named('Identity', ['outer'], ['z']));
  const endless: Readonly<Record<string, Bytes[]>> = {
    'neither trips nor condition': [loop('', '', { nodes: [named('Less', ['v', 'n'], ['again']), next] })],
    'a condition that is always true': [loop('', 'go', { nodes: always })],
    'a condition that is handed on': [loop('', 'go', { nodes: [named('Identity', ['c'], ['again']), next] })],
    'a condition from outside': [loop('', 'go', { nodes: [named('Not', ['outer'], ['again']), next] })],
    'a condition of what never changes': [
      loop('', 'go', { nodes: [named('Less', ['v', 'n'], ['again']), named('Identity', ['v'], ['v2'])] }),
    ],
    'a condition of a branch': [
      loop('', 'go', {
        nodes: [named('If', ['outer'], ['again'], attribute('then_branch', 5, message(6, other))), next],
      }),
    ],
    'the largest number of trips': [constant('m', number(INT64_MAX)), loop('m', '', { nodes: always })],
    'the same, unpacked': [
      constant('m', number(INT64_MAX, '', { packed: false, rank: 1 })),
      loop('m', 'go', { nodes: always }),
    ],
    'the same as an attribute': [
      named('Constant', [], ['m'], attribute('value_int', 2, int(3, 2 ** 40))),
      loop('m', '', { nodes: always }),
    ],
    'the same, handed on': [
      constant('a', number(INT64_MAX)),
      named('Cast', ['a'], ['b']),
      named('Unsqueeze', ['b'], ['m']),
      loop('m', '', { nodes: always }),
    ],
    'the same as an initializer': [loop('m', '', { nodes: always }), message(5, number(INT64_MAX, 'm'))],
    'loops in loops': [
      constant('m', number(2n ** 23n)),
      loop('m', '', { nodes: [...always, loop('m', '', { nodes: always })] }),
    ],
  };
  for (const [what, nodes] of Object.entries(endless))
    assert.deepEqual(
      await findings(model(graph(...nodes))),
      ['resource-bomb: a loop that nothing ends'],
      what,
    );
  const inFunction = message(
    25,
    text(1, 'F'),
    concat(endless['a condition that is always true']!.map(asNode)),
  );
  assert.deepEqual(await findings(model(graph(), inFunction)), ['resource-bomb: a loop that nothing ends']);
});

/** A node of a function is field 7 where a graph's is field 1. */
const asNode = (bytes: Bytes): Bytes => concat([Uint8Array.of((7 << 3) | 2), bytes.subarray(1)]);

test('loops with an end', async () => {
  const sound: Readonly<Record<string, Bytes[]>> = {
    'trips from outside': [loop('n', '', { nodes: always })],
    'trips of a constant': [constant('m', number(512n)), loop('m', '', { nodes: always })],
    'while something is less': [
      constant('m', number(INT64_MAX)),
      loop('m', 'go', { nodes: [named('Less', ['v2', 'n'], ['again']), next] }),
    ],
    'while the trip is less': [loop('', 'go', { nodes: [named('Less', ['i', 'n'], ['again']), next] })],
    'by chance': [
      loop('', 'go', {
        nodes: [named('RandomUniform', [], ['r']), named('Less', ['r', 'n'], ['again']), next],
      }),
    ],
    once: [loop('', 'go', { nodes: [constant('f', FALSE), named('Identity', ['f'], ['again']), next] })],
    'a branch of what changes': [
      loop('', 'go', {
        nodes: [
          named(
            'If',
            ['outer'],
            ['again'],
            attribute('then_branch', 5, message(6, graph(named('Not', ['v2'], ['z'])))),
          ),
          next,
        ],
      }),
    ],
  };
  for (const [what, nodes] of Object.entries(sound))
    assert.deepEqual(await findings(model(graph(...nodes))), [], what);
});

test('data in a file that is a link to somewhere else', async () => {
  const bytes = model(
    graph(message(1, node('Add')), message(5, tensor({ dims: [4], external: { location: 'w.bin' } }))),
  );
  const beside = (linked: boolean) => [
    { path: 'a/m.onnx', source: inBuffer(bytes) },
    { path: 'a/w.bin', source: inBuffer(new Uint8Array(16)), linked },
  ];
  assert.equal((await scan(beside(false), ruleset)).verdict, 'clean');
  const { files } = await scan(beside(true), ruleset);
  assert.match(files[0]!.findings[0]!.detail, /w\.bin, which is a link/);
  assert.equal(files[0]!.findings[0]!.rule, 'onnx-external-path');
});
