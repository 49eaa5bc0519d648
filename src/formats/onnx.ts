/** ONNX parser: walks every graph, subgraph and function of a model and reports their contents to a visitor. */
import { ByteWindow, readFrom } from './byte-window.ts';
import { invalid } from './errors.ts';
import { conditionChanges, loopOf, type OnnxLoop, OnnxScope } from './onnx-loops.ts';
import { ELEMENT_BITS, FUNCTION, GRAPH, MODEL } from './onnx-tables.ts';
import { type FieldValue, type Message, type MessageTable, readMessage, type Span } from './protobuf.ts';
import type { RandomAccess } from './tensor.ts';

export interface OnnxNode {
  domain: string;
  operator: string;
  name: string;
  overload: string;
}

export interface OnnxTensor {
  name: string;
  dims: number[];
  dataType: number;
  /** Size by shape and type in bytes; undefined for strings. */
  bytes: number | undefined;
  /** Location of the data in another file; undefined when the model contains it. */
  external: OnnxExternal | undefined;
  /** Description of a defect of the tensor, if any. */
  problem: string | undefined;
}

export interface OnnxExternal {
  location: string;
  offset: number;
  /** Bytes; undefined for the size by shape and type. */
  length: number | undefined;
  /** Keys of external_data that the format does not define. */
  unknownKeys: string[];
}

export interface OnnxFunction {
  domain: string;
  name: string;
  overload: string;
  body: OnnxCalls;
}

/** The nodes that a function or the model itself runs, including those of nested graphs. */
export interface OnnxCalls {
  nodes: number;
  /** Number of nodes for each operator or function, by callKey(). */
  calls: ReadonlyMap<string, number>;
}

export interface OnnxVisitor {
  node(node: OnnxNode, place: string): void;
  tensor(tensor: OnnxTensor, place: string): void;
  function(declared: OnnxFunction): void;
  /** An entry of metadata_props of any part, or the doc_string of the model, a graph or a function. */
  metadata(key: string, value: string, place: string): void;
  /** A loop without a bound. */
  endless(place: string): void;
}

/** Key that a node and the function that it calls have in common. */
export const callKey = (domain: string, name: string, overload: string): string =>
  `${domain === 'ai.onnx' ? '' : domain}:${name}:${overload}`;

export interface OnnxLimits {
  maxNodes: number;
  /** Maximum nesting of graphs. */
  maxDepth: number;
}

export interface OnnxSummary {
  producer: string;
  nodes: number;
  tensors: number;
  /** Nodes of the model outside of its functions. */
  main: OnnxCalls;
  opsets: { domain: string; version: number }[];
}

/**
 * Parses a model to its last byte, skipping weights. Throws FORMAT_INVALID when it is not an ONNX model or exceeds the limits.
 */
export async function readOnnx(
  source: RandomAccess,
  visitor: OnnxVisitor,
  limits: OnnxLimits,
): Promise<OnnxSummary> {
  if (source.size === 0) throw invalid('the ONNX model is empty');
  const walk = new Walk(source, visitor, limits);
  const model = await walk.read({ offset: 0, length: source.size }, MODEL, 'model', (name, value) =>
    walk.metadata(name, value, ''),
  );
  if (typeof model.ir_version !== 'number' || !model.graph)
    throw invalid('an ONNX model needs ir_version and graph');
  if (!model.opset_import && model.ir_version >= 3) throw invalid('an ONNX model needs opset_import');
  await walk.graph(model.graph as Span, 'graph', 0);
  for (const [n, info] of list(model.training_info).entries()) {
    for (const part of ['initialization', 'algorithm']) {
      if (info[part]) await walk.graph(info[part] as Span, `training_info[${n}].${part}`, 0);
    }
  }
  const main = walk.takeCalls();
  for (const span of (model.functions as Span[] | undefined) ?? []) await walk.function(span);
  const opsets = list(model.opset_import).map(({ domain, version }) => ({
    domain: String(domain ?? ''),
    version: Number(version ?? 0),
  }));
  const producer = String(model.producer_name ?? '');
  return { producer, nodes: walk.nodes, tensors: walk.tensors, main, opsets };
}

/** Maximum number of graphs nested directly in one graph. */
const MAX_GRAPHS = 1 << 16;
/** Maximum number of distinct operators, summed over all functions. */
const MAX_CALLS = 1 << 18;
/** Maximum number of tensors of a model; large models have about ten thousand. */
const MAX_TENSORS = 1 << 22;
/** Maximum characters of a name in a reported place. */
const MAX_NAME = 200;

/** Fields that describe values: names, types and metadata. */
const VALUES = new Set(['input', 'output', 'value_info']);

const list = (value: FieldValue | undefined): Message[] => (value as Message[] | undefined) ?? [];
const text = (value: FieldValue | undefined): string => String(value ?? '');
const short = (value: FieldValue | undefined): string => text(value).slice(0, MAX_NAME);

/** A graph in an attribute of a node, to be read later. */
interface InnerGraph {
  span: Span;
  place: string;
  loop?: OnnxLoop | undefined;
}

class Walk {
  readonly #source: RandomAccess;
  readonly #visitor: OnnxVisitor;
  readonly #limits: OnnxLimits;
  nodes = 0;
  tensors = 0;
  /** Calls of the current function. */
  #calls = new Map<string, number>();
  #called = 0;
  #nodesBefore = 0;

  constructor(source: RandomAccess, visitor: OnnxVisitor, limits: OnnxLimits) {
    this.#source = source;
    this.#visitor = visitor;
    this.#limits = limits;
  }

  read(
    { offset, length }: Span,
    table: MessageTable,
    what: string,
    take?: (name: string, value: FieldValue) => boolean,
  ): Promise<Message> {
    const window = new ByteWindow(offset, offset + length);
    const chunk = Math.min(1 << 18, Math.max(64, length));
    return readFrom(this.#source, window, readMessage(window, window.end, table, what, take), chunk);
  }

  /** Reports a field if it is metadata; whether it was. `within`: place before the name of the field. */
  metadata(name: string, value: FieldValue, within: string): boolean {
    if (name === 'doc_string') this.#visitor.metadata(name, text(value), `${within}${name}`);
    else if (name === 'metadata_props') this.#entry(value as Message, within);
    else return false;
    return true;
  }

  #entry({ key, value }: Message, within: string): void {
    this.#visitor.metadata(text(key), text(value), `${within}metadata_props.${short(key)}`);
  }

  /** Reports the metadata of a node, a tensor, an input, an output or another value. */
  #metadataOf({ metadata_props }: Message, place: string): void {
    for (const entry of list(metadata_props)) this.#entry(entry, `${place}.`);
  }

  /** Reports a field if it describes a value; whether it did. */
  #described(field: string, value: FieldValue, place: string): boolean {
    if (!VALUES.has(field)) return false;
    const described = value as Message;
    this.#metadataOf(described, `${place}.${field}[${short(described.name)}]`);
    return true;
  }

  /** Nodes since the previous call. */
  takeCalls(): OnnxCalls {
    const taken = { nodes: this.nodes - this.#nodesBefore, calls: this.#calls };
    this.#nodesBefore = this.nodes;
    this.#calls = new Map();
    return taken;
  }

  async graph(span: Span, place: string, depth: number, scope = new OnnxScope()): Promise<void> {
    if (depth > this.#limits.maxDepth)
      throw invalid(`graphs are nested deeper than ${this.#limits.maxDepth}`);
    const inner: InnerGraph[] = [];
    await this.read(span, GRAPH, place, (name, value) => {
      if (name === 'node') this.#node(value as Message, place, inner, scope);
      else if (name === 'initializer') {
        scope.initializer(value as Message);
        this.#tensor(value as Message, `${place}.initializer`);
      } else if (name === 'sparse_initializer') this.#sparse(value as Message, `${place}.sparse_initializer`);
      else if (!this.#described(name, value, place)) this.metadata(name, value, `${place}.`);
      return true;
    });
    await this.#innerGraphs(inner, depth + 1, scope);
  }

  async #innerGraphs(inner: readonly InnerGraph[], depth: number, scope: OnnxScope): Promise<void> {
    for (const { span, place, loop } of inner) {
      const trips = loop ? scope.tripsOf(loop) : 1;
      if (loop && trips === undefined) {
        const ends = loop.condition !== '' && (await conditionChanges(span, (...what) => this.read(...what)));
        if (!ends) this.#visitor.endless(place);
      }
      await this.graph(span, place, depth, new OnnxScope(scope, trips));
    }
  }

  async function(span: Span): Promise<void> {
    const inner: InnerGraph[] = [];
    const scope = new OnnxScope();
    const declared = await this.read(span, FUNCTION, 'function', (field, value) => {
      if (field === 'node') this.#node(value as Message, 'function', inner, scope);
      return (
        field === 'node' ||
        this.#described(field, value, 'function') ||
        this.metadata(field, value, 'function.')
      );
    });
    for (const attribute of list(declared.attribute_proto)) this.#attribute(attribute, 'function', inner);
    await this.#innerGraphs(inner, 1, scope);
    const { domain, name, overload } = declared;
    const body = this.takeCalls();
    this.#visitor.function({ domain: text(domain), name: text(name), overload: text(overload), body });
  }

  #node(node: Message, place: string, inner: InnerGraph[], scope: OnnxScope): void {
    if (++this.nodes > this.#limits.maxNodes) {
      throw invalid(`the model has more than ${this.#limits.maxNodes} nodes`);
    }
    const operator = text(node.op_type);
    const here = `${place}.node[${short(node.name) || operator.slice(0, MAX_NAME)}]`;
    const { domain, name, overload } = node;
    this.#visitor.node({ domain: text(domain), operator, name: text(name), overload: text(overload) }, here);
    this.#call(callKey(text(domain), operator, text(overload)));
    this.#metadataOf(node, here);
    scope.node(node);
    const loop = loopOf(node);
    for (const attribute of list(node.attribute)) this.#attribute(attribute, here, inner, loop);
  }

  #call(key: string): void {
    const before = this.#calls.get(key);
    if (before === undefined && ++this.#called > MAX_CALLS)
      throw invalid(`the model uses more than ${MAX_CALLS} different operators`);
    this.#calls.set(key, (before ?? 0) + 1);
  }

  #attribute(attribute: Message, place: string, inner: InnerGraph[], loop?: OnnxLoop): void {
    const here = `${place}.${short(attribute.name)}`;
    const tensors = [attribute.t, ...list(attribute.tensors)].filter((tensor) => tensor !== undefined);
    for (const tensor of tensors) this.#tensor(tensor as Message, here);
    if (attribute.sparse_tensor) this.#sparse(attribute.sparse_tensor as Message, here);
    for (const sparse of list(attribute.sparse_tensors)) this.#sparse(sparse, here);
    const span = attribute.g as Span | undefined;
    if (span) inner.push({ span, place: here, loop: span === loop?.body ? loop : undefined });
    for (const graph of (attribute.graphs as Span[] | undefined) ?? [])
      inner.push({ span: graph, place: here });
    if (inner.length > MAX_GRAPHS) throw invalid(`a graph contains more than ${MAX_GRAPHS} others`);
  }

  #sparse({ values, indices }: Message, place: string): void {
    if (values) this.#tensor(values as Message, `${place}.values`);
    if (indices) this.#tensor(indices as Message, `${place}.indices`);
  }

  #tensor(message: Message, place: string): void {
    if (++this.tensors > MAX_TENSORS) throw invalid(`the model has more than ${MAX_TENSORS} tensors`);
    const tensor = tensorOf(message);
    const here = tensor.name ? `${place}[${short(tensor.name)}]` : place;
    this.#visitor.tensor(tensor, here);
    this.#metadataOf(message, here);
  }
}

/** Fields that hold tensor data by type, as opposed to raw_data. */
const TYPED = [
  'float_data',
  'int32_data',
  'int64_data',
  'double_data',
  'uint64_data',
  'string_data',
] as const;
const EXTERNAL = 1;

function tensorOf(message: Message): OnnxTensor {
  const dims = ((message.dims as (number | bigint)[] | undefined) ?? []).map(Number);
  const dataType = Number(message.data_type ?? 0);
  const bits = Object.hasOwn(ELEMENT_BITS, dataType) ? ELEMENT_BITS[dataType] : undefined;
  const elements = dims.reduce((product, dim) => product * dim, 1);
  const bytes = bits ? Math.ceil((elements * bits) / 8) : undefined;
  const tensor = { name: text(message.name), dims, dataType, bytes, external: undefined, problem: undefined };
  const problem = (reason: string) => ({ ...tensor, problem: reason });
  if (bits === undefined) return problem(`the data type ${dataType} does not exist`);
  if (dims.some((dim) => !(dim >= 0)) || !Number.isSafeInteger(elements))
    return problem(`impossible shape [${dims}]`);
  if (message.segment) return problem('segmented tensors are not supported by any reader');
  const external = Number(message.data_location ?? 0) === EXTERNAL;
  const raw = message.raw_data as Span | undefined;
  const typed = TYPED.filter((field) => message[field] !== undefined);
  if (external || message.external_data) {
    if (!external) return problem('external data is declared but not used');
    if (raw || typed.length > 0) return problem('the data is both in the model and in another file');
    return { ...tensor, external: externalOf(list(message.external_data)) };
  }
  if ((raw ? 1 : 0) + typed.length > 1) return problem('the data is there twice');
  if (raw && raw.length !== bytes)
    return problem(`the data has ${raw.length} bytes, the shape [${dims}] needs ${bytes}`);
  const [field] = typed;
  if (field && !fits(field, Number(message[field]), elements, bits)) {
    return problem(`${field} has ${message[field]} values, the shape [${dims}] needs ${elements}`);
  }
  if (!raw && !field && elements > 0) return problem(`no data for the shape [${dims}]`);
  return tensor;
}

/** Whether a typed field has the right number of values: sub-byte types are packed into int32, complex types take two. */
function fits(field: string, values: number, elements: number, bits: number): boolean {
  if (values === elements) return true;
  if (field === 'int32_data' && bits > 0 && bits < 8) return values === Math.ceil((elements * bits) / 8);
  return (field === 'float_data' || field === 'double_data') && values === 2 * elements;
}

const KNOWN_KEYS = new Set(['location', 'offset', 'length', 'checksum', 'basepath']);

function externalOf(entries: Message[]): OnnxExternal {
  const values = new Map(entries.map(({ key, value }) => [text(key), text(value)]));
  const whole = (key: string) => {
    const value = values.get(key);
    if (value === undefined) return undefined;
    return /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
  };
  const repeated = values.size === entries.length ? [] : ['a key that is there twice'];
  return {
    location: values.get('location') ?? '',
    offset: whole('offset') ?? 0,
    length: whole('length'),
    unknownKeys: [...repeated, ...[...values.keys()].filter((key) => !KNOWN_KEYS.has(key))],
  };
}
