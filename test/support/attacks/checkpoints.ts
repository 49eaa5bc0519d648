/** Writes PyTorch checkpoints as torch.save does: tensors as views of storages, described by a pickle of protocol 2. */
import { concat, utf8 } from '#base';
import { zipFile } from './archives.ts';

export interface CheckpointSpec {
  name: string;
  /** torch's storage class: FloatStorage, HalfStorage, … */
  storage: string;
  /** Which storage; several tensors may share one. */
  key: number;
  offset: number;
  shape: number[];
  strides: number[];
}

const op = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
const uint32 = (value: number): Uint8Array => Uint8Array.of(value, value >> 8, value >> 16, value >>> 24);
const text = (value: string): Uint8Array => concat([op('X'), uint32(utf8(value).length), utf8(value)]);
const int = (value: number): Uint8Array => concat([op('J'), uint32(value)]);
const global = (name: string): Uint8Array => {
  const dot = name.lastIndexOf('.');
  return utf8(`c${name.slice(0, dot)}\n${name.slice(dot + 1)}\n`);
};
const tuple = (...items: Uint8Array[]): Uint8Array => concat([op('('), ...items, op('t')]);

function tensor({ storage, key, offset, shape, strides }: CheckpointSpec, elements: number): Uint8Array {
  const id = tuple(
    text('storage'),
    global(`torch.${storage}`),
    text(String(key)),
    text('cpu'),
    int(elements),
  );
  const hooks = concat([global('collections.OrderedDict'), op(')R')]);
  const args = [
    concat([id, op('Q')]),
    int(offset),
    tuple(...shape.map(int)),
    tuple(...strides.map(int)),
    op('\x89'),
    hooks,
  ];
  return concat([global('torch._utils._rebuild_tensor_v2'), tuple(...args), op('R')]);
}

/** `storages`: the bytes of each, by key. `under`: a key of the outermost dict that holds the tensors. */
export function checkpointFile(
  tensors: readonly CheckpointSpec[],
  storages: readonly Uint8Array[],
  {
    under,
    elementBytes = 4,
    more = new Uint8Array(),
  }: { under?: string; elementBytes?: number; more?: Uint8Array } = {},
): Uint8Array {
  const entries = tensors.map((spec) =>
    concat([text(spec.name), tensor(spec, storages[spec.key]!.length / elementBytes)]),
  );
  const state = concat([global('collections.OrderedDict'), op(')R('), ...entries, op('u')]);
  const root =
    under === undefined ? state : concat([op('}('), text('epoch'), int(3), text(under), state, op('u')]);
  return zipFile([
    { name: 'archive/data.pkl', data: concat([Uint8Array.of(0x80, 2), more, root, op('.')]) },
    { name: 'archive/byteorder', data: utf8('little') },
    ...storages.map((data, key) => ({ name: `archive/data/${key}`, data })),
    { name: 'archive/version', data: utf8('3\n') },
  ]);
}
