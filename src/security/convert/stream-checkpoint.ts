import { ByteWindow, type PickleValue, type RandomAccess, slice } from '#formats';
import { convertRefused } from '../errors.ts';
import { type AllowedGlobals, type Checkpoint, evaluatePickle, type Storage } from './checkpoint.ts';
import { elementType } from './element-types.ts';
import { type StorageId, storageId } from './storage-id.ts';
import { itemsOf, persistentIds } from './values.ts';

const MAGIC = 0x1950a86a20f9469cfc6cn;
const PROTOCOL = 1001;

/**
 * Reads concatenated pickles (torch.save from 0.1.12 to 1.5, and later on request): magic number, version, the
 * machine that saved it, the object, the keys of its storages; then each storage as an element count (int64) and the
 * elements. Elements are always little-endian (torch/csrc/serialization.cpp).
 */
export async function readStreamCheckpoint(
  source: RandomAccess,
  allowed: AllowedGlobals,
): Promise<Checkpoint> {
  const window = new ByteWindow(0, source.size);
  const next = () => evaluatePickle(source, window, allowed);
  if ((await next()) !== MAGIC) throw convertRefused('it is a pickle, but not a PyTorch checkpoint');
  if ((await next()) !== PROTOCOL) throw convertRefused('its version is unknown');
  await next();
  const root = await next();
  const keys = itemsOf(await next());
  const storages = await readStorages(source, window.at, { keys, ids: persistentIds(root).map(storageId) });
  const storageOf = (id: PickleValue): Storage => {
    const { key, type, elements, part } = storageId(id);
    const storage = storages.get(key);
    if (!storage) throw convertRefused(`the storage ${key} is missing`);
    const { bytes } = elementType(type)!;
    const [first, count] = part ?? [0, elements];
    if ((first + count) * bytes > storage.source.size)
      throw convertRefused(`the storage ${key} is too short`);
    return part ? { ...storage, source: slice(storage.source, first * bytes, count * bytes) } : storage;
  };
  return { root, storageOf };
}

async function readStorages(
  source: RandomAccess,
  start: number,
  { keys, ids }: { keys: readonly PickleValue[]; ids: readonly StorageId[] },
): Promise<Map<string, Storage>> {
  const types = new Map<string, string>();
  for (const { key, type } of ids) {
    if ((types.get(key) ?? type) !== type) throw convertRefused(`the storage ${key} has two types`);
    types.set(key, type);
  }
  const storages = new Map<string, Storage>();
  let at = start;
  for (const key of keys) {
    const type = typeof key === 'string' ? types.get(key) : undefined;
    if (typeof key !== 'string' || type === undefined || storages.has(key))
      throw convertRefused('a storage in it belongs to no tensor');
    const storage = await readStorage(source, at, type);
    storages.set(key, storage);
    at += 8 + storage.source.size;
  }
  if (at !== source.size) throw convertRefused(`${source.size - at} bytes follow its last storage`);
  return storages;
}

/** Reads one storage: an element count (int64), then the elements. */
export async function readStorage(source: RandomAccess, at: number, type: string): Promise<Storage> {
  const known = elementType(type);
  if (!known) throw convertRefused(`it has elements of type ${type}, which safetensors does not support`);
  const bytes = known.bytes * (await readInt64(source, at));
  if (!(bytes >= 0 && at + 8 + bytes <= source.size)) throw convertRefused('a storage extends past its end');
  return { source: slice(source, at + 8, bytes), type, bigEndian: false };
}

/** Reads a little-endian int64 as a number. Values above 2^53 lose precision; sizes that large are refused anyway. */
export async function readInt64(source: RandomAccess, at: number): Promise<number> {
  if (at + 8 > source.size) throw convertRefused('it ends too early');
  const head = await source.read(at, 8);
  return Number(new DataView(head.buffer, head.byteOffset).getBigInt64(0, true));
}
