import type { PickleValue } from '#formats';
import { convertRefused } from '../errors.ts';
import { isKind, itemsOf } from './values.ts';

/** The persistent id of a storage: ("storage", class, key, location, elements, view). */
export interface StorageId {
  readonly key: string;
  /** Name of torch's storage class. */
  readonly type: string;
  readonly elements: number;
  /** The range of elements [first, count] if the id names a part of the storage `key`. */
  readonly part: readonly [number, number] | undefined;
}

/** Parses a persistent id. Throws CONVERT_REFUSED when it is not that of a storage. */
export function storageId(id: PickleValue): StorageId {
  const [tag, type, key, , elements, view] = itemsOf(id);
  if (
    tag !== 'storage' ||
    !isKind(type, 'global') ||
    typeof key !== 'string' ||
    !/^\d{1,20}$/.test(key) ||
    !isCount(elements)
  ) {
    throw convertRefused('it refers to something that is not a storage');
  }
  const [, first, count] = itemsOf(view);
  if (view === undefined || view === null) return { key, type: type.name, elements, part: undefined };
  if (!isCount(first) || !isCount(count)) throw convertRefused(`the view of storage ${key} has no bounds`);
  return { key, type: type.name, elements, part: [first, count] };
}

/** Whether a value is a non-negative integer. */
export const isCount = (value: PickleValue | undefined): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
