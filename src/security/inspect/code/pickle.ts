import { BitorchError, codeOf, messageOf } from '#base';
import {
  ByteWindow,
  globalName,
  type PickleGlobal,
  type PickleValue,
  type RandomAccess,
  readFrom,
  runPickle,
  showCall,
} from '#formats';
import type { Ruleset } from '../../ruleset/ruleset.ts';
import type { Inspection } from '../inspection.ts';

const MAX_STREAMS = 64;
const MAX_REPORTED = 64;
const OVER_LIMIT = 'it acts as a pickle for longer than one is followed';
/** Magic number of PyTorch checkpoints before 1.6: a pickle of this number, further pickles, then raw storages. */
const TORCH_MAGIC = 0x1950a86a20f9469cfc6cn;

/** What a source would do if it were loaded as pickles. */
export interface PickleTrace {
  /** Descriptions of calls and imports that are not on the list. */
  dangers: string[];
  /** Number of calls and imports of any kind. */
  events: number;
  /** Number of complete pickles. */
  streams: number;
  /** Offset after the last complete pickle. */
  end: number;
  /** Why reading stopped before the end of the source, if it did. */
  error: string | undefined;
  /** Whether it exceeded the step or object limit. */
  endless: boolean;
  torch: boolean;
  persistentIds: boolean;
}

/** Traces every pickle of a source, one after the other, without running any. */
export async function tracePickles(
  source: RandomAccess,
  ruleset: Ruleset,
  allowed: ReadonlySet<string>,
): Promise<PickleTrace> {
  const window = new ByteWindow(0, source.size);
  const collector = new CallCollector(allowed);
  const trace: PickleTrace = {
    dangers: collector.dangers,
    events: 0,
    streams: 0,
    end: 0,
    error: undefined,
    endless: false,
    torch: false,
    persistentIds: false,
  };
  const limits = { maxSteps: ruleset.limits.pickleSteps, maxObjects: ruleset.limits.pickleObjects };
  try {
    while (window.left > 0 && trace.streams < MAX_STREAMS) {
      const value = await readFrom(source, window, runPickle(window, collector, limits), 1 << 16);
      trace.streams++;
      trace.end = window.at;
      if (trace.streams === 1 && value === TORCH_MAGIC) trace.torch = true;
    }
  } catch (error) {
    if (!(error instanceof BitorchError)) throw error;
    trace.endless = codeOf(error) === 'FORMAT_LIMIT';
    // In an old checkpoint the storages' bytes follow its pickles.
    if (!(trace.torch && trace.streams >= 5)) trace.error = messageOf(error);
  }
  collector.finish();
  trace.events = collector.events;
  return trace;
}

/** Collects calls and imports that are not on the list, each callable with the arguments of its calls. */
class CallCollector {
  readonly dangers: string[] = [];
  readonly #allowed: ReadonlySet<string>;
  readonly #called = new Set<string>();
  readonly #imported = new Map<string, number>();
  events = 0;

  constructor(allowed: ReadonlySet<string>) {
    this.#allowed = allowed;
  }

  global = (global: PickleGlobal, offset: number): void => {
    this.events++;
    const name = globalName(global);
    if (this.#allowed.has(name) || this.#imported.size >= MAX_REPORTED || this.#imported.has(name)) return;
    this.#imported.set(name, offset);
  };

  call = (call: { callable: PickleValue; args: PickleValue }, opcode: string, offset: number): void => {
    this.events++;
    const { callable } = call;
    const name =
      typeof callable === 'object' && callable?.kind === 'global' ? globalName(callable) : undefined;
    if (name !== undefined && this.#allowed.has(name) && opcode !== 'BUILD') return;
    if (name !== undefined) this.#called.add(name);
    if (this.dangers.length < MAX_REPORTED)
      this.dangers.push(`calls ${showCall(call)} (${opcode} at byte ${offset})`);
  };

  /** Appends imports without calls, since importing alone runs a module. */
  finish(): void {
    const imported = [...this.#imported].filter(([name]) => !this.#called.has(name));
    for (const [name, offset] of imported) this.dangers.push(`imports ${name} (at byte ${offset})`);
  }
}

const allowedOf = new WeakMap<object, ReadonlySet<string>>();

/** The names that a ruleset allows, cached as a set. */
export function allowedGlobals(ruleset: Pick<Ruleset, 'pickle'>): ReadonlySet<string> {
  const known = allowedOf.get(ruleset) ?? new Set(ruleset.pickle.allowedGlobals);
  allowedOf.set(ruleset, known);
  return known;
}

/** Inspects a source that is known to be a pickle. */
export async function inspectPickle(
  inspection: Inspection,
  source: RandomAccess,
  place: string,
): Promise<PickleTrace> {
  const trace = await tracePickles(source, inspection.ruleset, allowedGlobals(inspection.ruleset));
  for (const danger of trace.dangers) inspection.report('pickle-code', place, danger);
  if (trace.endless) inspection.report('pickle', place, OVER_LIMIT);
  else if (trace.error !== undefined) inspection.report('pickle-malformed', place, trace.error);
  return trace;
}

/**
 * Whether bytes without a signature are a pickle. Reports it only if it would call or import something, or is
 * complete.
 */
export async function findHiddenPickle(
  inspection: Inspection,
  source: RandomAccess,
  place: string,
): Promise<boolean> {
  const trace = await tracePickles(source, inspection.ruleset, allowedGlobals(inspection.ruleset));
  const whole = trace.streams > 0 && trace.end === source.size;
  if (trace.endless) {
    inspection.report('pickle', place, OVER_LIMIT);
    for (const danger of trace.dangers) inspection.report('pickle-code', place, danger);
    return true;
  }
  if (trace.events === 0 && !whole) return false;
  // Text may begin with "c" and two lines, which alone does not make it a pickle.
  if (trace.streams === 0 && !trace.dangers.some((danger) => danger.startsWith('calls'))) return false;
  for (const danger of trace.dangers) inspection.report('pickle-code', place, danger);
  if (trace.error !== undefined) inspection.report('pickle-malformed', place, trace.error);
  if (trace.dangers.length === 0) inspection.report('pickle', place, 'a pickle without a signature');
  return true;
}
