/**
 * Reads PyTorch checkpoints without Python: pickles are evaluated symbolically, and only what rebuilds tensors is
 * understood (torch/serialization.py, torch/_utils.py).
 */
import {
  ByteWindow,
  globalName,
  type PickleCall,
  type PickleGlobal,
  type PickleValue,
  type RandomAccess,
  readFrom,
  runPickle,
  showCall,
} from '#formats';
import { convertRefused } from '../errors.ts';

/** Consecutive elements of one type. */
export interface Storage {
  readonly source: RandomAccess;
  /** Name of torch's storage class or dtype. */
  readonly type: string;
  readonly bigEndian: boolean;
}

/** A tensor as a view of a storage. Offset and strides count elements. */
export interface View {
  readonly storage: Storage;
  readonly offset: PickleValue | undefined;
  readonly shape: PickleValue | undefined;
  readonly strides: PickleValue | undefined;
}

/** A saved object and the data that it references outside of its pickle. */
export interface Checkpoint {
  readonly root: PickleValue;
  /** Resolves a persistent id to a storage. Throws CONVERT_REFUSED when there is none. */
  readonly storageOf: (id: PickleValue) => Storage;
  /** Resolves a persistent id to a tensor, in the format that refers to tensors this way. */
  readonly tensorOf?: (id: PickleValue) => View;
}

/** Names (`module.name`) that a pickle may import and call. */
export type AllowedGlobals = ReadonlySet<string>;

const LIMITS = { maxSteps: 20_000_000, maxObjects: 4_000_000, keepAll: true };

/**
 * Evaluates the next pickle of a window symbolically. Throws CONVERT_REFUSED for a forbidden import or call,
 * FORMAT_INVALID for malformed data.
 */
export function evaluatePickle(
  source: RandomAccess,
  window: ByteWindow,
  allowed: AllowedGlobals,
): Promise<PickleValue> {
  const judge = {
    global: (global: PickleGlobal) => {
      if (!allowed.has(globalName(global))) throw convertRefused(`its pickle imports ${globalName(global)}`);
    },
    call: (call: Pick<PickleCall, 'callable' | 'args'>, opcode: string) => {
      const { callable } = call;
      const known = typeof callable === 'object' && callable?.kind === 'global' && opcode !== 'BUILD';
      if (!known) throw convertRefused(`its pickle calls ${showCall(call)}`);
    },
  };
  return readFrom(source, window, runPickle(window, judge, LIMITS), 1 << 16);
}

/**
 * Evaluates a source that must consist of exactly one pickle. Throws like evaluatePickle(), and CONVERT_REFUSED for
 * trailing bytes.
 */
export async function evaluateWhole(source: RandomAccess, allowed: AllowedGlobals): Promise<PickleValue> {
  const window = new ByteWindow(0, source.size);
  const value = await evaluatePickle(source, window, allowed);
  if (window.left > 0) throw convertRefused(`${window.left} bytes follow its pickle`);
  return value;
}
