/**
 * Whether loops of an ONNX model can end (operators.md, "Loop"): by a number of trips that is no more than any model
 * needs, or by a condition that depends on something that changes from trip to trip.
 */
import { invalid } from './errors.ts';
import { GRAPH } from './onnx-tables.ts';
import type { FieldValue, Message, MessageTable, Span } from './protobuf.ts';

/** Reads one message; fields for which `take` returns true are not kept. */
export type ReadMessage = (
  span: Span,
  table: MessageTable,
  what: string,
  take?: (name: string, value: FieldValue) => boolean,
) => Promise<Message>;

export interface OnnxLoop {
  /** Names of the number of trips and of the first condition, "" where they are left out. */
  trips: string;
  condition: string;
  body: Span;
}

/** Trips beyond this are no bound: exporters write the largest number there is for "while". */
const MAX_TRIPS = 1 << 24;
/** Trips of loops in loops. */
const MAX_PRODUCT = 2 ** 40;
/** Smaller constants bound every loop, and are not remembered. */
const SMALL = 1 << 10;
const MAX_CONSTANTS = 1 << 17;
/** Nodes of a body whose condition is followed. */
const MAX_BODY = 1 << 16;
const MAX_DEPTH = 32;

const PASSED_ON = new Set(['Identity', 'Cast', 'Squeeze', 'Unsqueeze', 'Reshape']);
const RANDOM = /^(Random|Bernoulli|Multinomial)/;

const list = (value: FieldValue | undefined): Message[] => (value as Message[] | undefined) ?? [];
const names = (value: FieldValue | undefined): string[] => (value as string[] | undefined) ?? [];

/** Large whole numbers that a graph knows under a name, and those of the graphs around it. */
export class OnnxScope {
  readonly #around: OnnxScope | undefined;
  readonly #constants = new Map<string, number>();
  /** Trips of the loops around. */
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
      throw invalid(`a graph of over ${MAX_CONSTANTS} large constants`);
  }

  #find(name: string | undefined): number | undefined {
    if (!name) return undefined;
    const known = this.#constants.get(name);
    return known === undefined && this.#around ? this.#around.#find(name) : known;
  }

  /** How often the loop runs at most, 1 when only its input tells; undefined when nothing bounds it. */
  tripsOf({ trips }: OnnxLoop): number | undefined {
    if (trips === '') return undefined;
    const known = this.#find(trips) ?? 1;
    return known > MAX_TRIPS || known * this.#product > MAX_PRODUCT ? undefined : known;
  }
}

/** The loop that a node is, if it is one with a body. */
export function loopOf(node: Message): OnnxLoop | undefined {
  if (node.op_type !== 'Loop') return undefined;
  const [trips = '', condition = ''] = names(node.input);
  const body = list(node.attribute).find(({ name }) => name === 'body')?.g as Span | undefined;
  return body && { trips, condition, body };
}

/** Values of a Constant node, or of ConstantOfShape. */
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

/** The value of a tensor of one whole number. */
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

interface Maker {
  operator: string;
  inputs: string[];
  graphs: Span[];
  constant: number | undefined;
}

/** Whether the condition that a body gives can be another one after some trip. Throws FORMAT_INVALID. */
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

/** Everything that a graph inside of the body takes, from wherever. */
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
