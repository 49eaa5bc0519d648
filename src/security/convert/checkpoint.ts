/**
 * PyTorch's checkpoints without Python: pickles are followed by symbols, and only what rebuilds tensors is understood
 * (torch/serialization.py, torch/_utils.py).
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

/** Elements of one type in a row. */
export interface Storage {
  readonly source: RandomAccess;
  /** torch's class or dtype. */
  readonly type: string;
  readonly bigEndian: boolean;
}

/** A tensor's elements in a storage; offset and strides count elements. */
export interface View {
  readonly storage: Storage;
  readonly offset: PickleValue | undefined;
  readonly shape: PickleValue | undefined;
  readonly strides: PickleValue | undefined;
}

/** What was saved, and what it names outside of its pickle. */
export interface Checkpoint {
  readonly root: PickleValue;
  /** The storage that a persistent id stands for. Throws CONVERT_REFUSED. */
  readonly storageOf: (id: PickleValue) => Storage;
  /** The tensor that a persistent id stands for, in the format that has such. */
  readonly tensorOf?: (id: PickleValue) => View;
}

/** Names, `module.name`, of what a pickle may call. */
export type Allowed = ReadonlySet<string>;

const LIMITS = { maxSteps: 20_000_000, maxObjects: 4_000_000, keepAll: true };

/** Follows the next pickle of a window. Throws CONVERT_REFUSED for what is not allowed, FORMAT_INVALID for damage. */
export function followPickle(
  source: RandomAccess,
  window: ByteWindow,
  allowed: Allowed,
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

/** Follows a source that is one pickle to its last byte. */
export async function followWhole(source: RandomAccess, allowed: Allowed): Promise<PickleValue> {
  const window = new ByteWindow(0, source.size);
  const value = await followPickle(source, window, allowed);
  if (window.left > 0) throw convertRefused(`${window.left} bytes follow its pickle`);
  return value;
}
