import type { PickleValue } from '#formats';
import { convertRefused } from '../errors.ts';
import { isKind, itemsOf } from './values.ts';

/** What a persistent id says of a storage: ("storage", class, key, location, elements, view). */
export interface StorageId {
  readonly key: string;
  /** torch's storage class. */
  readonly type: string;
  readonly elements: number;
  /** The elements of the storage `key` that are meant, where it is not all: [first, count]. */
  readonly part: readonly [number, number] | undefined;
}

/** Throws CONVERT_REFUSED for a persistent id of anything else. */
export function storageId(id: PickleValue): StorageId {
  const [tag, type, key, , elements, view] = itemsOf(id);
  if (
    tag !== 'storage' ||
    !isKind(type, 'global') ||
    typeof key !== 'string' ||
    !/^\d{1,20}$/.test(key) ||
    !isCount(elements)
  ) {
    throw convertRefused('it names something that is no storage');
  }
  const [, first, count] = itemsOf(view);
  if (view === undefined || view === null) return { key, type: type.name, elements, part: undefined };
  if (!isCount(first) || !isCount(count)) throw convertRefused(`the view of storage ${key} has no bounds`);
  return { key, type: type.name, elements, part: [first, count] };
}

export const isCount = (value: PickleValue | undefined): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
