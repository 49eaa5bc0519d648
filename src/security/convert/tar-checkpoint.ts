import { ByteWindow, type PickleValue, type RandomAccess, readTar, slice } from '#formats';
import { convertRefused } from '../errors.ts';
import {
  type AllowedGlobals,
  type Checkpoint,
  evaluatePickle,
  evaluateWhole,
  type Storage,
  type View,
} from './checkpoint.ts';
import { elementType } from './element-types.ts';
import { isCount } from './storage-id.ts';
import { readInt64, readStorage } from './stream-checkpoint.ts';
import { isKind, itemsOf } from './values.ts';

const MAX_DIMENSIONS = 64;
/** Recorded with each tensor but never called: the storage determines the type. */
const TENSOR_CLASSES = ['Double', 'Float', 'Half', 'Long', 'Int', 'Short', 'Char', 'Byte'].flatMap((type) => [
  `torch.${type}Tensor`,
  `torch.cuda.${type}Tensor`,
]);

/**
 * Reads a tar (torch.save before 0.1.12) of three members: "storages" (a count; per storage its key, location and
 * class as a pickle, then element count and elements; then a list of views), "tensors" (a count; per tensor its key,
 * storage and class as a pickle, then dimension count, sizes, strides and offset) and "pickle" (the object, whose
 * persistent ids are keys of tensors).
 */
export async function readTarCheckpoint(source: RandomAccess, allowed: AllowedGlobals): Promise<Checkpoint> {
  const { members, whole } = await readTar(source);
  if (!whole) throw convertRefused('its archive is damaged');
  const member = (name: string): RandomAccess => {
    const [found, another] = members.filter((entry) => entry.name === name && '0\0'.includes(entry.type));
    if (!found || another) throw convertRefused('it is a tar archive, but not a PyTorch checkpoint');
    return slice(source, found.offset, found.bytes);
  };
  const storages = await readStorages(member('storages'), allowed);
  const tensors = await readTensors(member('tensors'), new Set([...allowed, ...TENSOR_CLASSES]), storages);
  const tensorOf = (id: PickleValue): View => find(tensors, id, 'tensor');
  const root = await evaluateWhole(member('pickle'), allowed);
  return { root, tensorOf, storageOf: (id) => find(storages, id, 'storage') };
}

/** Keys were memory addresses: integers in some places and strings in others. */
function find<T>(known: ReadonlyMap<string, T>, key: PickleValue | undefined, what: string): T {
  const found = typeof key === 'object' ? undefined : known.get(String(key));
  if (!found) throw convertRefused(`it refers to a missing ${what}`);
  return found;
}

async function readStorages(source: RandomAccess, allowed: AllowedGlobals): Promise<Map<string, Storage>> {
  const window = new ByteWindow(0, source.size);
  const next = () => evaluatePickle(source, window, allowed);
  const storages = new Map<string, Storage>();
  for (let left = countOf(await next()); left > 0; left--) {
    const [key, , type] = itemsOf(await next());
    if (key === undefined || !isKind(type, 'global')) throw convertRefused('a storage in it has no type');
    const storage = await readStorage(source, window.at, type.name);
    storages.set(String(key), storage);
    window.skip(8 + storage.source.size, 'a storage');
  }
  for (const view of itemsOf(await next())) {
    const [key, root, first, count] = itemsOf(view);
    const storage = find(storages, root, 'storage');
    const { bytes } = elementType(storage.type)!;
    if (
      key === undefined ||
      !isCount(first) ||
      !isCount(count) ||
      (first + count) * bytes > storage.source.size
    )
      throw convertRefused('a view extends past its storage');
    storages.set(String(key), { ...storage, source: slice(storage.source, first * bytes, count * bytes) });
  }
  if (window.left > 0) throw convertRefused(`${window.left} bytes follow its storages`);
  return storages;
}

async function readTensors(
  source: RandomAccess,
  allowed: AllowedGlobals,
  storages: ReadonlyMap<string, Storage>,
): Promise<Map<string, View>> {
  const window = new ByteWindow(0, source.size);
  const next = () => evaluatePickle(source, window, allowed);
  const tensors = new Map<string, View>();
  const integer = async (): Promise<number> => {
    const value = await readInt64(source, window.at);
    window.skip(8, 'a tensor');
    return value;
  };
  /** Four bytes and four bytes of padding, which may hold anything. */
  const paddedInteger = async (): Promise<number> => {
    const bytes = await source.read(window.at, 4);
    window.skip(8, 'a tensor');
    return new DataView(bytes.buffer, bytes.byteOffset).getInt32(0, true);
  };
  for (let left = countOf(await next()); left > 0; left--) {
    const [key, storage] = itemsOf(await next());
    window.has(8, 'a tensor');
    const dimensions = await paddedInteger();
    if (key === undefined || dimensions < 0 || dimensions > MAX_DIMENSIONS)
      throw convertRefused('a tensor in it has no shape');
    const numbers: number[] = [];
    for (let n = 0; n < 2 * dimensions + 1; n++) numbers.push(await integer());
    tensors.set(String(key), {
      storage: find(storages, storage, 'storage'),
      shape: tupleOf(numbers.slice(0, dimensions)),
      strides: tupleOf(numbers.slice(dimensions, -1)),
      offset: numbers.at(-1),
    });
  }
  if (window.left > 0) throw convertRefused(`${window.left} bytes follow its tensors`);
  return tensors;
}

const tupleOf = (items: number[]): PickleValue => ({ kind: 'tuple', items, count: items.length });

function countOf(value: PickleValue): number {
  if (!isCount(value)) throw convertRefused('it lacks the number of its storages or tensors');
  return value;
}
