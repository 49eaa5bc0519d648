/**
 * Detects loops of an ONNX model that cannot end (operators.md, "Loop"). A loop ends by a reasonable trip count, or by a condition
 * that depends on a value that changes between iterations.
 */
import { invalid } from './errors.ts';
import { GRAPH } from './onnx-tables.ts';
import type { FieldValue, Message, MessageTable, Span } from './protobuf.ts';

/** Reads one message. Fields for which `take` returns true are not stored in the result. */
export type ReadMessage = (
  span: Span,
  table: MessageTable,
  what: string,
  take?: (name: string, value: FieldValue) => boolean,
) => Promise<Message>;

export interface OnnxLoop {
  /** Names of the trip count and of the initial condition; "" when omitted. */
  trips: string;
  condition: string;
  body: Span;
}

/** Larger trip counts do not count as a bound: for "while", exporters write the maximum integer. */
const MAX_TRIPS = 1 << 24;
/** Limit for the product of the trip counts of nested loops. */
const MAX_PRODUCT = 2 ** 40;
/** Constants up to this value always bound a loop and need not be recorded. */
const SMALL = 1 << 10;
const MAX_CONSTANTS = 1 << 17;
/** Maximum number of values in a body whose condition is traced. */
const MAX_BODY = 1 << 16;
const MAX_DEPTH = 32;

const PASSED_ON = new Set(['Identity', 'Cast', 'Squeeze', 'Unsqueeze', 'Reshape']);
const RANDOM = /^(Random|Bernoulli|Multinomial)/;

const list = (value: FieldValue | undefined): Message[] => (value as Message[] | undefined) ?? [];
const names = (value: FieldValue | undefined): string[] => (value as string[] | undefined) ?? [];

/** Large integer constants of a graph by name, with access to those of the enclosing graphs. */
export class OnnxScope {
  readonly #around: OnnxScope | undefined;
  readonly #constants = new Map<string, number>();
  /** Product of the trip counts of the enclosing loops. */
  readonly #product: number;

  constructor(around?: OnnxScope, trips = 1) {
    this.#around = around;
    this.#product = (around ? around.#product : 1) * trips;
  }

  initializer(tensor: Message): void {
    this.#know(String(tensor.name ?? ''), scalarOf(tensor));
  }

  node(node: Message): void {
    const [output] = names(node.output);
    if (output === undefined) return;
    const operator = String(node.op_type ?? '');
    const value =
      constantOf(node) ?? (PASSED_ON.has(operator) ? this.#find(names(node.input)[0]) : undefined);
    this.#know(output, value);
  }

  #know(name: string, value: number | undefined): void {
    if (value === undefined || value <= SMALL) return;
    this.#constants.set(name, value);
    if (this.#constants.size > MAX_CONSTANTS)
      throw invalid(`a graph has more than ${MAX_CONSTANTS} large constants`);
  }

  #find(name: string | undefined): number | undefined {
    if (!name) return undefined;
    const known = this.#constants.get(name);
    return known === undefined && this.#around ? this.#around.#find(name) : known;
  }

  /** Maximum trip count of a loop; 1 when it depends on the input; undefined when it is unbounded. */
  tripsOf({ trips }: OnnxLoop): number | undefined {
    if (trips === '') return undefined;
    const known = this.#find(trips) ?? 1;
    return known > MAX_TRIPS || known * this.#product > MAX_PRODUCT ? undefined : known;
  }
}

/** The loop of a Loop node that has a body; undefined for other nodes. */
export function loopOf(node: Message): OnnxLoop | undefined {
  if (node.op_type !== 'Loop') return undefined;
  const [trips = '', condition = ''] = names(node.input);
  const body = list(node.attribute).find(({ name }) => name === 'body')?.g as Span | undefined;
  return body && { trips, condition, body };
}

/** Value of a Constant or ConstantOfShape node; undefined unless it is a single integer. */
function constantOf({ op_type, attribute }: Message): number | undefined {
  if (op_type !== 'Constant' && op_type !== 'ConstantOfShape') return undefined;
  for (const { name, t, i } of list(attribute)) {
    if (name === 'value' && t) return scalarOf(t as Message);
    if (name === 'value_int') return Number(i ?? 0);
  }
  return undefined;
}

const INTEGERS: Readonly<Record<number, (view: DataView) => number>> = {
  2: (view) => view.getUint8(0),
  3: (view) => view.getInt8(0),
  6: (view) => view.getInt32(0, true),
  7: (view) => Number(view.getBigInt64(0, true)),
  9: (view) => view.getUint8(0),
  12: (view) => view.getUint32(0, true),
  13: (view) => Number(view.getBigUint64(0, true)),
};

/** Value of a tensor that holds a single integer; undefined for other tensors. */
function scalarOf(tensor: Message): number | undefined {
  const elements = ((tensor.dims as (number | bigint)[] | undefined) ?? []).reduce<number>(
    (product, dim) => product * Number(dim),
    1,
  );
  const type = Number(tensor.data_type ?? 0);
  if (elements !== 1 || !INTEGERS[type]) return undefined;
  const first = tensor['first int64_data'] ?? tensor['first int32_data'] ?? tensor['first uint64_data'];
  if (first !== undefined) return Number(first);
  const { head } = (tensor.raw_data as Span | undefined) ?? {};
  const bytes = { 2: 1, 3: 1, 6: 4, 7: 8, 9: 1, 12: 4, 13: 8 }[type];
  return head?.length === bytes ? INTEGERS[type](new DataView(head!.buffer, head!.byteOffset)) : undefined;
}

/** The node or initializer that produces a value. */
interface Maker {
  operator: string;
  inputs: string[];
  graphs: Span[];
  constant: number | undefined;
}

/** Whether the condition that a loop body computes can change between iterations. Throws FORMAT_INVALID. */
export async function conditionChanges(body: Span, read: ReadMessage): Promise<boolean> {
  const makers = new Map<string, Maker>();
  const inputs: string[] = [];
  const outputs: string[] = [];
  await read(body, GRAPH, 'a loop', (field, value) => {
    const message = value as Message;
    if (field === 'input') inputs.push(String(message.name ?? ''));
    else if (field === 'output') outputs.push(String(message.name ?? ''));
    else if (field === 'node' && makers.size <= MAX_BODY) remember(makers, message);
    else if (field === 'initializer' && makers.size <= MAX_BODY) {
      const constant = scalarOf(message);
      makers.set(String(message.name ?? ''), { operator: '', inputs: [], graphs: [], constant });
    }
    return true;
  });
  if (makers.size > MAX_BODY) return false;
  const source = (name: string): string => {
    let at = name;
    for (
      let maker = makers.get(at), steps = 0;
      maker && steps <= makers.size;
      maker = makers.get(at), steps++
    ) {
      if (maker.operator !== 'Identity' && maker.operator !== 'Cast') return at;
      at = maker.inputs[0] ?? '';
    }
    return at;
  };
  const [condition = '', ...carried] = outputs;
  if (makers.get(source(condition))?.constant === 0) return true;
  const [trip, , ...variables] = inputs;
  const changing = new Set(variables.filter((name, n) => source(carried[n] ?? '') !== name));
  if (trip) changing.add(trip);
  const seen = new Set([condition]);
  for (const name of seen) {
    if (changing.has(name)) return true;
    const maker = makers.get(name);
    if (!maker) continue;
    if (RANDOM.test(maker.operator)) return true;
    for (const input of maker.inputs) seen.add(input);
    for (const graph of maker.graphs) await addNames(seen, graph, read, 1);
    if (seen.size > 4 * MAX_BODY) return false;
  }
  return false;
}

function remember(makers: Map<string, Maker>, node: Message): void {
  const maker = {
    operator: String(node.op_type ?? ''),
    inputs: names(node.input),
    graphs: graphsOf(node),
    constant: constantOf(node),
  };
  for (const output of names(node.output)) makers.set(output, maker);
}

const graphsOf = (node: Message): Span[] =>
  list(node.attribute).flatMap(({ g, graphs }) => [
    ...(g ? [g as Span] : []),
    ...((graphs as Span[] | undefined) ?? []),
  ]);

/** Adds the names of all values that a graph nested in the body uses. */
async function addNames(seen: Set<string>, graph: Span, read: ReadMessage, depth: number): Promise<void> {
  if (depth > MAX_DEPTH) throw invalid(`graphs are nested deeper than ${MAX_DEPTH}`);
  const inner: Span[] = [];
  await read(graph, GRAPH, 'a loop', (field, value) => {
    const message = value as Message;
    if (field === 'output') seen.add(String(message.name ?? ''));
    if (field !== 'node' || seen.size + inner.length > 4 * MAX_BODY) return true;
    for (const input of names(message.input)) seen.add(input);
    inner.push(...graphsOf(message));
    return true;
  });
  for (const span of inner) await addNames(seen, span, read, depth + 1);
}
