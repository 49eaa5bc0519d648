/**
 * Executes a pickle symbolically: every opcode operates on symbols as Python's unpickler (CPython, Modules/_pickle.c) does on
 * objects, and every import and call is reported instead of performed. The machine stops where Python would stop with an error;
 * what was reported before that, Python would have done.
 */
import type { ByteWindow, Reading } from '../byte-window.ts';
import { beyondLimit, invalid } from '../errors.ts';
import { readArgument } from './arguments.ts';
import { OPCODES } from './opcodes.ts';
import {
  KEPT_ITEMS,
  MARK,
  type PickleCall,
  type PickleDict,
  type PickleGlobal,
  type PickleList,
  type PickleValue,
} from './values.ts';

/** Callbacks for what a pickle would do. `offset` is the byte offset of the opcode. */
export interface PickleEvents {
  /** Imports a class or function; the import alone runs code of the module. */
  global?(global: PickleGlobal, offset: number): void;
  /** Calls something, or sets its state or items through its own methods. */
  call?(call: Pick<PickleCall, 'callable' | 'args'>, opcode: string, offset: number): void;
}

export interface PickleLimits {
  maxSteps: number;
  /** Maximum number of values on the stack, in the memo and in containers together; long values count as several. */
  maxObjects: number;
  /** Whether containers keep all of their items instead of the first KEPT_ITEMS. */
  keepAll?: boolean;
}

/**
 * Executes one pickle, from PROTO to STOP, and returns its value. Throws FORMAT_INVALID when Python would fail, FORMAT_LIMIT when
 * it exceeds the limits.
 */
export function* runPickle(
  window: ByteWindow,
  events: PickleEvents,
  limits: PickleLimits,
): Reading<PickleValue> {
  const machine = new Machine(events, limits);
  for (let steps = 0; ; steps++) {
    if (steps > limits.maxSteps) throw beyondLimit(`the pickle takes more than ${limits.maxSteps} steps`);
    const offset = window.at;
    if (!window.has(1, 'the pickle')) yield 1;
    const byte = window.uint8();
    const opcode = OPCODES[byte];
    if (!opcode) throw invalid(`byte ${byte} at ${offset} is not an opcode`);
    const argument = yield* readArgument(window, opcode.argument, opcode.name);
    if (opcode.name === 'STOP') return machine.result();
    machine.step(opcode.name, argument, offset);
  }
}

type Cell = PickleValue | typeof MARK;
type Step = (machine: Machine, argument: PickleValue, offset: number, name: string) => void;

class Machine {
  readonly #stack: Cell[] = [];
  readonly #memo = new Map<number, PickleValue>();
  readonly #events: PickleEvents;
  readonly #kept: number;
  /** Remaining weight of values that may be held. */
  #room: number;

  constructor(events: PickleEvents, { maxObjects, keepAll }: PickleLimits) {
    this.#events = events;
    this.#room = maxObjects;
    this.#kept = keepAll ? Number.POSITIVE_INFINITY : KEPT_ITEMS;
  }

  result(): PickleValue {
    return this.#pop('STOP');
  }

  step(name: string, argument: PickleValue, offset: number): void {
    const step = Machine.#STEPS[name];
    if (step) step(this, argument, offset, name);
    else this.#push(argument);
  }

  /** Effect of each opcode. Opcodes without an entry push their argument. */
  static readonly #STEPS: Readonly<Record<string, Step>> = {
    PROTO: (_, version) => {
      if ((version as number) > 5) throw invalid(`pickle protocol ${version} does not exist`);
    },
    FRAME: () => undefined,
    MARK: (m) => m.#push(MARK),
    POP: (m) => {
      const cell = m.#stack.pop();
      if (cell === undefined) throw invalid('POP on an empty stack');
      m.#room += weight(cell);
    },
    POP_MARK: (m) => m.#popMark('POP_MARK'),
    DUP: (m) => m.#push(m.#top('DUP')),
    NONE: (m) => m.#push(null),
    NEWTRUE: (m) => m.#push(true),
    NEWFALSE: (m) => m.#push(false),
    GET: (m, index) => m.#get(Number(index)),
    BINGET: (m, index) => m.#get(Number(index)),
    LONG_BINGET: (m, index) => m.#get(Number(index)),
    PUT: (m, index) => m.#put(Number(index), 'PUT'),
    BINPUT: (m, index) => m.#put(Number(index), 'BINPUT'),
    LONG_BINPUT: (m, index) => m.#put(Number(index), 'LONG_BINPUT'),
    MEMOIZE: (m) => m.#put(m.#memo.size, 'MEMOIZE'),
    GLOBAL: (m, global, offset) => {
      m.#import(global as PickleGlobal, offset);
      m.#push(global);
    },
    STACK_GLOBAL: (m, _, offset) => m.#stackGlobal(offset),
    EXT1: (m, code, offset) => m.#extension(code, offset),
    EXT2: (m, code, offset) => m.#extension(code, offset),
    EXT4: (m, code, offset) => m.#extension(code, offset),
    PERSID: (m, id) => m.#push({ kind: 'persistent', id }),
    BINPERSID: (m) => m.#push({ kind: 'persistent', id: m.#pop('BINPERSID') }),
    NEXT_BUFFER: (m) => m.#push({ kind: 'unknown', what: 'a buffer from outside' }),
    READONLY_BUFFER: (m) => m.#top('READONLY_BUFFER'),
    REDUCE: (m, argument, offset) => m.#call('REDUCE', argument, offset),
    NEWOBJ: (m, argument, offset) => m.#call('NEWOBJ', argument, offset),
    NEWOBJ_EX: (m, argument, offset) => m.#call('NEWOBJ_EX', argument, offset),
    INST: (m, argument, offset) => m.#call('INST', argument, offset),
    OBJ: (m, argument, offset) => m.#call('OBJ', argument, offset),
    BUILD: (m, _, offset) => m.#build(offset),
    EMPTY_LIST: (m) => m.#push(m.#list('list', [])),
    EMPTY_TUPLE: (m) => m.#push(m.#list('tuple', [])),
    EMPTY_SET: (m) => m.#push(m.#list('set', [])),
    EMPTY_DICT: (m) => m.#push({ kind: 'dict', entries: [], count: 0 }),
    LIST: (m) => m.#push(m.#list('list', m.#popMark('LIST'))),
    TUPLE: (m) => m.#push(m.#list('tuple', m.#popMark('TUPLE'))),
    FROZENSET: (m) => m.#push(m.#list('frozenset', m.#popMark('FROZENSET'))),
    TUPLE1: (m) => m.#tuple(1),
    TUPLE2: (m) => m.#tuple(2),
    TUPLE3: (m) => m.#tuple(3),
    DICT: (m, _, offset) => {
      const items = m.#popMark('DICT');
      const dict: PickleDict = { kind: 'dict', entries: [], count: 0 };
      m.#push(dict);
      m.#setItems(dict, items, 'DICT', offset);
    },
    APPEND: (m, _, offset) => {
      const item = m.#pop('APPEND');
      m.#append(m.#top('APPEND'), [item], 'APPEND', offset);
    },
    APPENDS: (m, _, offset, name) => {
      const items = m.#popMark(name);
      m.#append(m.#top(name), items, name, offset);
    },
    ADDITEMS: (m, _, offset, name) => {
      const items = m.#popMark(name);
      m.#append(m.#top(name), items, name, offset);
    },
    SETITEM: (m, _, offset, name) => {
      const value = m.#pop(name);
      const key = m.#pop(name);
      m.#setItems(m.#top(name), [key, value], name, offset);
    },
    SETITEMS: (m, _, offset, name) => {
      const items = m.#popMark(name);
      m.#setItems(m.#top(name), items, name, offset);
    },
  };

  #hold(value: Cell): void {
    this.#room -= weight(value);
    if (this.#room < 0) throw beyondLimit('the pickle holds more objects than the limit');
  }

  #push(value: Cell): void {
    this.#hold(value);
    this.#stack.push(value);
  }

  #pop(name: string): PickleValue {
    const value = this.#stack.pop();
    if (value === undefined || value === MARK) throw invalid(`${name} finds no value`);
    this.#room += weight(value);
    return value;
  }

  #top(name: string): PickleValue {
    const value = this.#stack.at(-1);
    if (value === undefined || value === MARK) throw invalid(`${name} finds no value`);
    return value;
  }

  #popMark(name: string): PickleValue[] {
    const at = this.#stack.lastIndexOf(MARK);
    if (at < 0) throw invalid(`${name} finds no mark`);
    const cells = this.#stack.splice(at);
    for (const cell of cells) this.#room += weight(cell);
    return cells.slice(1) as PickleValue[];
  }

  #get(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) throw invalid(`the memo has no entry ${index}`);
    this.#push(value);
  }

  #put(index: number, name: string): void {
    if (!(index >= 0)) throw invalid(`${name} has the invalid index ${index}`);
    const value = this.#top(name);
    this.#hold(value);
    this.#memo.set(index, value);
  }

  #list(kind: PickleList['kind'], items: PickleValue[]): PickleList {
    const kept = items.length > this.#kept ? items.slice(0, this.#kept) : items;
    for (const item of kept) this.#hold(item);
    return { kind, items: kept, count: items.length };
  }

  #tuple(length: number): void {
    const items = Array.from({ length }, () => this.#pop('TUPLE'));
    this.#push(this.#list('tuple', items.reverse()));
  }

  #extension(code: PickleValue, offset: number): void {
    this.#global({ kind: 'global', module: 'copyreg', name: `extension ${code}` }, offset);
  }

  #global(global: PickleGlobal, offset: number): void {
    this.#events.global?.(global, offset);
    this.#push(global);
  }

  #stackGlobal(offset: number): void {
    const name = this.#pop('STACK_GLOBAL');
    const module = this.#pop('STACK_GLOBAL');
    if (typeof name !== 'string' || typeof module !== 'string') {
      // Python requires texts. A text can be the result of a call, in which case the name is unknown.
      if (!isObject(name) && !isObject(module)) throw invalid('STACK_GLOBAL needs two texts');
      this.#global({ kind: 'global', module: '(computed)', name: '(computed)' }, offset);
    } else {
      const global: PickleGlobal = { kind: 'global', module, name };
      this.#import(global, offset);
      this.#push(global);
    }
  }

  /** Python fails before the import when no module can have this name, and after it when no attribute can. */
  #import(global: PickleGlobal, offset: number): void {
    if (!IMPORTABLE.test(global.module))
      throw invalid(`${quoted(global.module)} cannot be the name of a module`);
    this.#events.global?.(global, offset);
    if (!IMPORTABLE.test(global.name)) throw invalid(`${quoted(global.name)} cannot be a name in a module`);
  }

  #call(opcode: string, argument: PickleValue, offset: number): void {
    const { callable, args } = this.#callOf(opcode, argument, offset);
    this.#events.call?.({ callable, args }, opcode, offset);
    this.#hold(callable);
    this.#hold(args);
    this.#push({ kind: 'call', callable, args, items: [] });
  }

  #callOf(opcode: string, argument: PickleValue, offset: number): Pick<PickleCall, 'callable' | 'args'> {
    if (opcode === 'INST') {
      const args = this.#list('tuple', this.#popMark(opcode));
      this.#import(argument as PickleGlobal, offset);
      return { callable: argument, args };
    }
    if (opcode === 'OBJ') {
      const [callable, ...rest] = this.#popMark(opcode);
      if (callable === undefined) throw invalid('OBJ finds no class');
      return { callable, args: this.#list('tuple', rest) };
    }
    if (opcode === 'NEWOBJ_EX') this.#pop(opcode);
    const args = this.#pop(opcode);
    return { callable: this.#pop(opcode), args };
  }

  #build(offset: number): void {
    const state = this.#pop('BUILD');
    const target = this.#top('BUILD');
    if (isObject(target) && target.kind === 'call') {
      this.#hold(state);
      target.state = state;
    } else if (!isPlain(target))
      this.#events.call?.({ callable: target, args: this.#list('tuple', [state]) }, 'BUILD', offset);
  }

  #append(target: PickleValue, items: PickleValue[], name: string, offset: number): void {
    if (isObject(target) && 'count' in target && target.kind !== 'dict') {
      target.count += items.length;
      this.#keepItems(target.items, items, this.#kept);
    } else this.#itemsOf(target, items, name, offset);
  }

  #setItems(target: PickleValue, items: PickleValue[], name: string, offset: number): void {
    if (items.length % 2 !== 0) throw invalid(`${name} finds a key without a value`);
    if (!isObject(target) || target.kind !== 'dict') {
      this.#itemsOf(target, items, name, offset);
      return;
    }
    target.count += items.length / 2;
    for (let n = 0; n < items.length && target.entries.length < this.#kept; n += 2) {
      this.#hold(items[n]!);
      this.#hold(items[n + 1]!);
      target.entries.push([items[n]!, items[n + 1]!]);
    }
  }

  #keepItems(kept: PickleValue[], items: readonly PickleValue[], most: number): void {
    for (const item of items) {
      if (kept.length >= most) return;
      this.#hold(item);
      kept.push(item);
    }
  }

  /** Python calls the object's append, extend, add or __setitem__. */
  #itemsOf(target: PickleValue, items: PickleValue[], name: string, offset: number): void {
    if (isPlain(target)) {
      // Python does not fail when there are no items to add.
      if (items.length > 0) throw invalid(`${name} adds to a value that is not a container`);
    } else if (isObject(target) && target.kind === 'call') {
      this.#keepItems(target.items, items, 2 * this.#kept);
    } else this.#events.call?.({ callable: target, args: this.#list('tuple', items) }, name, offset);
  }
}

const isObject = (value: PickleValue): value is Extract<PickleValue, { kind: string }> =>
  typeof value === 'object' && value !== null;

/** Dotted names of modules and attributes: no blanks, quotes, brackets or operators. */
const IMPORTABLE = /^[\p{L}\p{M}\p{N}_.$@-]+$/u;
const quoted = (name: string): string => JSON.stringify(name.slice(0, 80));

/** Whether a value has neither state nor methods to add items: numbers, texts and bytes. */
const isPlain = (value: PickleValue): boolean => !isObject(value) || value.kind === 'bytes';

/** Approximate memory of a value, in units of 64 bytes. */
function weight(value: Cell): number {
  if (typeof value === 'string') return 1 + (value.length >> 6);
  if (typeof value === 'bigint') return value < 1n << 64n && value > -(1n << 64n) ? 1 : 64;
  if (typeof value !== 'object' || value === null) return 1;
  return value.kind === 'bytes' ? 4 + (value.head.length >> 6) : 5;
}
