/**
 * PyTorch's zip checkpoints (torch.save since 1.6; torch/serialization.py, torch/_utils.py) without Python: the pickle is
 * followed by symbols, and only what rebuilds tensors is understood.
 */
import { BitorchError } from '#base';
import {
  ByteWindow,
  globalName,
  type PickleCall,
  type PickleGlobal,
  type PickleValue,
  type RandomAccess,
  readFrom,
  readZip,
  runPickle,
  showCall,
  slice,
  type ZipMember,
} from '#formats';

/** A tensor of a checkpoint: a view of a storage. Offset and strides count elements. */
export interface CheckpointTensor {
  name: string;
  dtype: string;
  shape: number[];
  strides: number[];
  offset: number;
  storage: RandomAccess;
  elementBytes: number;
}

/** torch's storage classes and dtypes → safetensors' types. */
const DTYPES: Readonly<Record<string, readonly [dtype: string, bytes: number]>> = {
  DoubleStorage: ['F64', 8],
  FloatStorage: ['F32', 4],
  HalfStorage: ['F16', 2],
  BFloat16Storage: ['BF16', 2],
  LongStorage: ['I64', 8],
  IntStorage: ['I32', 4],
  ShortStorage: ['I16', 2],
  CharStorage: ['I8', 1],
  ByteStorage: ['U8', 1],
  BoolStorage: ['BOOL', 1],
  ComplexFloatStorage: ['C64', 8],
  float64: ['F64', 8],
  float32: ['F32', 4],
  float16: ['F16', 2],
  bfloat16: ['BF16', 2],
  int64: ['I64', 8],
  int32: ['I32', 4],
  int16: ['I16', 2],
  int8: ['I8', 1],
  uint8: ['U8', 1],
  uint16: ['U16', 2],
  uint32: ['U32', 4],
  uint64: ['U64', 8],
  bool: ['BOOL', 1],
  complex64: ['C64', 8],
  float8_e4m3fn: ['F8_E4M3', 1],
  float8_e5m2: ['F8_E5M2', 1],
};
/** Under these keys training frameworks keep the weights. */
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
const NO_CHECKPOINT = 'it is no PyTorch checkpoint of the zip format: save it again with torch ≥ 1.6';
const MAX_TENSORS = 100_000;
const MAX_DEPTH = 8;

export const refused = (reason: string, details: Record<string, unknown> = {}): BitorchError =>
  new BitorchError('CONVERT_REFUSED', `the checkpoint is not converted: ${reason}`, details);

/**
 * The tensors of a checkpoint, weights unread. Throws CONVERT_REFUSED when the pickle does anything but rebuild tensors,
 * or the archive contradicts itself.
 */
export async function readCheckpoint(
  source: RandomAccess,
  allowed: ReadonlySet<string>,
): Promise<CheckpointTensor[]> {
  const head = Buffer.from(await source.read(0, Math.min(4, source.size))).toString('latin1');
  if (head !== 'PK\x03\x04') throw refused(NO_CHECKPOINT);
  const { members, problems } = await readZip(source);
  if (problems.length > 0) throw refused(`its archive is damaged (${problems[0]})`);
  const pickle = members.find(({ name }) => /^[^/]*\/?data\.pkl$/.test(name));
  if (!pickle) throw refused(NO_CHECKPOINT);
  const folder = pickle.name.slice(0, -'data.pkl'.length);
  const byName = new Map(members.map((member) => [member.name, member]));
  await checkByteOrder(source, byName.get(`${folder}byteorder`));
  const root = await followPickle(memberSource(source, pickle), allowed);
  const builder = new TensorBuilder((key) => {
    const member = byName.get(`${folder}data/${key}`);
    if (!member) throw refused(`the storage ${key} is missing`);
    return memberSource(source, member);
  });
  const tensors = builder.collect(root);
  if (tensors.length === 0) throw refused('it holds no tensors');
  return tensors;
}

function memberSource(source: RandomAccess, member: ZipMember): RandomAccess {
  if (member.method !== 0 || member.encrypted)
    throw refused(`${member.name} is packed; torch stores members as they are`);
  return slice(source, member.offset, member.packedBytes);
}

async function checkByteOrder(source: RandomAccess, member: ZipMember | undefined): Promise<void> {
  if (!member) return;
  const text = Buffer.from(
    await slice(source, member.offset, Math.min(16, member.packedBytes)).read(
      0,
      Math.min(16, member.packedBytes),
    ),
  );
  if (text.toString('latin1') !== 'little') throw refused('it was written on a big-endian machine');
}

async function followPickle(pickle: RandomAccess, allowed: ReadonlySet<string>): Promise<PickleValue> {
  const window = new ByteWindow(0, pickle.size);
  const judge = {
    global: (global: PickleGlobal) => {
      if (!allowed.has(globalName(global))) throw refused(`its pickle imports ${globalName(global)}`);
    },
    call: (call: Pick<PickleCall, 'callable' | 'args'>, opcode: string) => {
      const { callable } = call;
      const known = typeof callable === 'object' && callable?.kind === 'global' && opcode !== 'BUILD';
      if (!known) throw refused(`its pickle calls ${showCall(call)}`);
    },
  };
  const limits = { maxSteps: 20_000_000, maxObjects: 4_000_000, keepAll: true };
  const value = await readFrom(pickle, window, runPickle(window, judge, limits));
  if (window.left > 0) throw refused(`${window.left} bytes follow its pickle`);
  return value;
}

class TensorBuilder {
  readonly #storageOf: (key: string) => RandomAccess;
  readonly #tensors: CheckpointTensor[] = [];
  readonly #names = new Set<string>();

  constructor(storageOf: (key: string) => RandomAccess) {
    this.#storageOf = storageOf;
  }

  collect(root: PickleValue): CheckpointTensor[] {
    this.#walk(stateOf(root), '', 0);
    return this.#tensors;
  }

  #walk(value: PickleValue, name: string, depth: number): void {
    if (depth > MAX_DEPTH || this.#tensors.length > MAX_TENSORS)
      throw refused('it is nested deeper than any model');
    const tensor = this.#tensorOf(value, name);
    if (tensor) {
      if (this.#names.has(name)) throw refused(`two tensors are called ${name}`);
      this.#names.add(name);
      this.#tensors.push(tensor);
      return;
    }
    for (const [key, inner] of entriesOf(value)) this.#walk(inner, name ? `${name}.${key}` : key, depth + 1);
  }

  /** torch._utils._rebuild_tensor_v2(storage, offset, size, stride, …) and its relatives. */
  #tensorOf(value: PickleValue, name: string): CheckpointTensor | undefined {
    if (!isKind(value, 'call') || !isKind(value.callable, 'global') || !isKind(value.args, 'tuple'))
      return undefined;
    const args = value.args.items;
    switch (globalName(value.callable)) {
      case 'torch._utils._rebuild_parameter':
      case 'torch._utils._rebuild_parameter_with_state':
        return this.#tensorOf(args[0] ?? null, name);
      case 'torch._utils._rebuild_tensor':
      case 'torch._utils._rebuild_tensor_v2':
        return this.#view(name, args, undefined);
      case 'torch._utils._rebuild_tensor_v3':
        return this.#view(name, args, args[6]);
      case 'torch._utils._rebuild_qtensor':
      case 'torch._utils._rebuild_sparse_tensor':
      case 'torch._utils._rebuild_sparse_csr_tensor':
        throw refused(`${name} is a quantised or sparse tensor, which safetensors does not know`);
      default:
        return undefined;
    }
  }

  #view(name: string, args: readonly PickleValue[], typed: PickleValue | undefined): CheckpointTensor {
    const [storage, offset, size, stride] = args;
    const { key, kind, elements } = storageId(name, storage);
    const dtypeName = isKind(typed, 'global') ? typed.name : kind;
    const [dtype, elementBytes] = DTYPES[dtypeName] ?? [];
    if (dtype === undefined || elementBytes === undefined || !Object.hasOwn(DTYPES, dtypeName)) {
      throw refused(`${name} has the type ${dtypeName}, which safetensors does not know`);
    }
    const source = this.#storageOf(key);
    const shape = numbers(name, size);
    const strides = numbers(name, stride);
    const first = typeof offset === 'number' ? offset : Number.NaN;
    const held = typed === undefined ? elements : source.size / elementBytes;
    if (source.size < held * elementBytes) throw refused(`the storage of ${name} has ${source.size} bytes`);
    checkView(name, { shape, strides, first }, source.size / elementBytes);
    return { name, dtype, shape, strides, offset: first, storage: source, elementBytes };
  }
}

/** Every element must lie in the storage, and none may be repeated: views that repeat elements can grow without end. */
function checkView(
  name: string,
  { shape, strides, first }: { shape: number[]; strides: number[]; first: number },
  available: number,
): void {
  const count = shape.reduce((product, side) => product * side, 1);
  const last = shape.reduce((sum, side, n) => sum + (side - 1) * (strides[n] ?? Number.NaN), first);
  if (shape.length !== strides.length || !(first >= 0) || (count > 0 && !(last < available))) {
    throw refused(`${name} reaches out of its storage`);
  }
  if (count > available) throw refused(`${name} repeats elements of its storage`);
}

/** The persistent id of a storage: ("storage", class, key, location, elements). */
function storageId(
  name: string,
  value: PickleValue | undefined,
): { key: string; kind: string; elements: number } {
  const id = isKind(value, 'persistent') ? value.id : undefined;
  const [tag, type, key, , elements] = isKind(id, 'tuple') ? id.items : [];
  if (
    tag !== 'storage' ||
    !isKind(type, 'global') ||
    typeof key !== 'string' ||
    typeof elements !== 'number'
  ) {
    throw refused(`${name} has no storage`);
  }
  if (!/^\d{1,10}$/.test(key)) throw refused(`${name} has a storage of the name ${key}`);
  return { key, kind: type.name, elements };
}

function numbers(name: string, value: PickleValue | undefined): number[] {
  const items = isKind(value, 'tuple') ? value.items : undefined;
  if (!items?.every((item) => typeof item === 'number' && Number.isSafeInteger(item) && item >= 0)) {
    throw refused(`${name} has no shape`);
  }
  return items as number[];
}

/** Where the weights are: the whole value, or what a training framework keeps under a key. */
function stateOf(root: PickleValue): PickleValue {
  const entries = new Map(entriesOf(root));
  const key = STATE_KEYS.find((name) => entriesOf(entries.get(name) ?? null).length > 0);
  return key === undefined ? root : entries.get(key)!;
}

/** Entries of a dict or of an OrderedDict that are named by texts. */
function entriesOf(value: PickleValue): [string, PickleValue][] {
  if (isKind(value, 'dict'))
    return value.entries.filter((entry): entry is [string, PickleValue] => typeof entry[0] === 'string');
  if (!isKind(value, 'call') || !isKind(value.callable, 'global')) return [];
  if (globalName(value.callable) !== 'collections.OrderedDict') return [];
  return value.items.flatMap((key, n): [string, PickleValue][] =>
    n % 2 === 0 && typeof key === 'string' ? [[key, value.items[n + 1]!]] : [],
  );
}

type Kinded = Extract<PickleValue, { kind: string }>;

function isKind<K extends Kinded['kind']>(value: PickleValue | undefined, kind: K): value is OfKind<K> {
  return typeof value === 'object' && value !== null && value.kind === kind;
}
type OfKind<K extends Kinded['kind']> = Kinded extends infer V
  ? V extends { kind: infer N }
    ? K extends N
      ? V & { kind: K }
      : never
    : never
  : never;
