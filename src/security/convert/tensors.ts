import { globalName, type PickleValue, type RandomAccess } from '#formats';
import { convertRefused } from '../errors.ts';
import type { Checkpoint, View } from './checkpoint.ts';
import { elementType } from './element-types.ts';
import { isCount } from './storage-id.ts';
import { entriesOf, isKind, itemsOf } from './values.ts';

/** A tensor of a checkpoint: a view of a storage. Offset and strides count elements. */
export interface CheckpointTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: number[];
  readonly strides: number[];
  readonly offset: number;
  readonly storage: RandomAccess;
  readonly elementBytes: number;
  /** Size in bytes of the numbers whose byte order is reversed; 1 if none is. */
  readonly swapBytes: number;
}

/** Keys under which training frameworks store the weights. */
const STATE_KEYS = [
  'state_dict',
  'model_state_dict',
  'model',
  'module',
  'net',
  'params_ema',
  'params',
  'generator',
];
const MAX_TENSORS = 100_000;
const MAX_DEPTH = 8;

/** Returns the tensors of a checkpoint, named as in state_dict(). Throws CONVERT_REFUSED for unsupported tensors. */
export function tensorsOf(checkpoint: Checkpoint): CheckpointTensor[] {
  const tensors = new Map<string, CheckpointTensor>();
  const walk = (value: PickleValue, name: string, depth: number): void => {
    if (depth > MAX_DEPTH || tensors.size > MAX_TENSORS)
      throw convertRefused('it is nested more deeply or has more tensors than any model');
    const tensor = tensorOf(value, name, checkpoint);
    if (tensor) {
      if (tensors.has(name)) throw convertRefused(`two tensors are named ${name}`);
      tensors.set(name, tensor);
    } else {
      for (const [key, inner] of entriesOf(value)) walk(inner, name ? `${name}.${key}` : key, depth + 1);
    }
  };
  walk(stateOf(checkpoint.root), '', 0);
  if (tensors.size === 0) throw convertRefused('it holds no tensors');
  return [...tensors.values()];
}

/** The weights: the whole value, or what a training framework stores under one of the keys. */
function stateOf(root: PickleValue): PickleValue {
  const entries = new Map(entriesOf(root));
  const key = STATE_KEYS.find((name) => entriesOf(entries.get(name) ?? null).length > 0);
  return key === undefined ? root : entries.get(key)!;
}

/** Recognizes torch._utils._rebuild_tensor_v2(storage, offset, size, stride, …) and its variants. */
function tensorOf(value: PickleValue, name: string, checkpoint: Checkpoint): CheckpointTensor | undefined {
  if (isKind(value, 'persistent') && checkpoint.tensorOf) return build(name, checkpoint.tensorOf(value.id));
  if (!isKind(value, 'call') || !isKind(value.callable, 'global') || !isKind(value.args, 'tuple'))
    return undefined;
  const args = value.args.items;
  switch (globalName(value.callable)) {
    case 'torch._utils._rebuild_parameter':
    case 'torch._utils._rebuild_parameter_with_state':
      return tensorOf(args[0] ?? null, name, checkpoint);
    case 'torch._utils._rebuild_tensor':
    case 'torch._utils._rebuild_tensor_v2':
      return rebuild(name, args, undefined, checkpoint);
    case 'torch._utils._rebuild_tensor_v3':
      return rebuild(name, args, args[6], checkpoint);
    case 'torch._utils._rebuild_qtensor':
    case 'torch._utils._rebuild_sparse_tensor':
    case 'torch._utils._rebuild_sparse_csr_tensor':
      throw convertRefused(`${name} is a quantised or sparse tensor, which safetensors does not support`);
    default:
      return undefined;
  }
}

function rebuild(
  name: string,
  [id, offset, shape, strides]: readonly PickleValue[],
  typed: PickleValue | undefined,
  checkpoint: Checkpoint,
): CheckpointTensor {
  if (!isKind(id, 'persistent')) throw convertRefused(`${name} has no storage`);
  const storage = checkpoint.storageOf(id.id);
  const type = isKind(typed, 'global') ? typed.name : storage.type;
  return build(name, { storage: { ...storage, type }, offset, shape, strides });
}

function build(name: string, { storage, offset, ...view }: View): CheckpointTensor {
  const type = elementType(storage.type);
  if (!type) {
    throw convertRefused(`${name} has type ${storage.type}, which safetensors does not support`);
  }
  const shape = numbers(name, view.shape);
  const strides = numbers(name, view.strides);
  const first = isCount(offset) ? offset : Number.NaN;
  checkView(name, { shape, strides, first }, storage.source.size / type.bytes);
  return {
    name,
    dtype: type.dtype,
    shape,
    strides,
    offset: first,
    storage: storage.source,
    elementBytes: type.bytes,
    swapBytes: storage.bigEndian ? type.numberBytes : 1,
  };
}

/**
 * Requires every element to lie in the storage and none to be repeated: views that repeat elements can be arbitrarily
 * large.
 */
function checkView(
  name: string,
  { shape, strides, first }: { shape: number[]; strides: number[]; first: number },
  available: number,
): void {
  const count = shape.reduce((product, side) => product * side, 1);
  const last = shape.reduce((sum, side, n) => sum + (side - 1) * (strides[n] ?? Number.NaN), first);
  if (shape.length !== strides.length || !(first >= 0) || (count > 0 && !(last < available))) {
    throw convertRefused(`${name} extends past its storage`);
  }
  if (count > available) throw convertRefused(`${name} repeats elements of its storage`);
}

/** A tuple of counts, which old checkpoints wrap in a torch.Size. */
function numbers(name: string, value: PickleValue | undefined): number[] {
  const plain = isKind(value, 'call') ? itemsOf(value.args)[0] : value;
  const items = isKind(plain, 'tuple') ? plain.items : undefined;
  if (!items?.every(isCount)) throw convertRefused(`${name} has no shape`);
  return items;
}
