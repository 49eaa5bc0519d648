/** Hostile inputs for every parser of files: made by the rules of each format, with a few things wrong. */
import { setImmediate } from 'node:timers/promises';
import { BitorchError, codeOf } from '#base';
import { inBuffer } from '#formats';
import { Random } from '../attacks/index.ts';
import type { Target } from './targets.ts';

export { MANY_TARGETS, SCANNER, TARGETS, type Target } from './targets.ts';

const REFUSALS = new Set([
  'FORMAT_INVALID',
  'FORMAT_UNSUPPORTED',
  'SCHEMA_INVALID',
  'CONVERT_REFUSED',
  'FORMAT_LIMIT',
  'REGEX_INVALID',
  'MODEL_NOT_FOUND',
]);
/** Inputs that are made from the same seeds. */
const BATCH = 500;
const SUSPICIOUS_MS = 100;

export interface Outcome {
  refused: number;
  slowestMs: number;
}

/** Feeds a parser `count` inputs. Throws with seed and bytes when it crashes. */
export async function fuzz(target: Target, count: number, seed: number): Promise<Outcome> {
  const { stackTraceLimit } = Error;
  // Refusals are many: their stacks would take a third of the time.
  Error.stackTraceLimit = 0;
  try {
    return await feed(target, count, seed);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

async function feed(target: Target, count: number, seed: number): Promise<Outcome> {
  const random = new Random(seed);
  const outcome = { refused: 0, slowestMs: 0 };
  let seeds: Uint8Array[] = [];
  for (let n = 0; n < count; n++) {
    if (n % BATCH === 0) {
      seeds = target.seeds(random);
      // What zlib holds is freed between turns of the event loop only.
      await setImmediate();
    }
    const bytes = random.chance(100)
      ? random.bytes(random.below(200))
      : target.input(random, random.pick(seeds), seeds);
    const { refused, ...first } = await attempt(target, bytes, `SEED=${seed}, input ${n}`);
    // What is slow only while the compiler or the garbage collector is at work is not slow each time.
    let { ms } = first;
    for (let again = 0; again < 4 && ms > SUSPICIOUS_MS; again++) {
      ms = Math.min(ms, (await attempt(target, bytes, '')).ms);
    }
    if (refused) outcome.refused++;
    outcome.slowestMs = Math.max(outcome.slowestMs, ms);
  }
  return outcome;
}

async function attempt(
  target: Target,
  bytes: Uint8Array,
  which: string,
): Promise<{ refused: boolean; ms: number }> {
  const started = process.threadCpuUsage();
  let refused = false;
  try {
    await target.parse(inBuffer(bytes), bytes);
  } catch (error) {
    refused = true;
    if (!(error instanceof BitorchError) || !REFUSALS.has(codeOf(error))) {
      const hex = Buffer.from(bytes).toString('hex').slice(0, 4000);
      throw new Error(`${target.name}, ${which}: ${hex}`, { cause: error });
    }
  }
  // The processor's time: others who use the machine do not make an input slow.
  const { user, system } = process.threadCpuUsage(started);
  return { refused, ms: (user + system) / 1000 };
}
