import { BitorchError } from '#base';
import type { Architecture } from '#formats';
import type { Build } from '../kernels/dot.ts';
import { giveUpRevectorizer } from './modules.ts';
import type { EngineOptions, Row } from './options.ts';
import { sha256 } from './platform.ts';
import { sampleModel } from './sample-model.ts';
import { Stage } from './stage.ts';

/** Shapes that together cover every kernel, each with the hash that trial() must return. */
const CASES: { shape: Partial<Architecture>; expected: string }[] = [
  {
    shape: { heads: 7, kvHeads: 1 },
    expected: '498cc43c86bcede543c74306857b8e56a1fc84663be293c9ce95aad113b7c71e',
  },
  {
    shape: { heads: 4, kvHeads: 2, headDim: 64 },
    expected: 'debfddeeaafcba52da54ae8baa512d5bf2f54f775749efb103a70474c11ba1bf',
  },
  {
    shape: { heads: 3, kvHeads: 3 },
    expected: '8532e21493afc8adbb09953e85fb2fd995f1c1d1c97034e0eddd10d32e9e78b2',
  },
];

/** Enough rounds for V8 to switch from baseline to optimised code midway. */
const ROUNDS = 12;

/** Loads a sample model for the check: the first block has 4-bit weights, the second 8-bit weights. */
export function loadSample(
  shape: Partial<Architecture>,
  options: Pick<EngineOptions, 'build' | 'threads' | 'pin'> = {},
) {
  const { architecture, blocks, read } = sampleModel(shape, (_, block) => (block === 0 ? 'Q4_1' : 'Q8_0'));
  return Stage.load({ architecture, first: 0, end: 2, blocks, read, slots: 4, context: 64, ...options });
}

/** SHA-256 (hex) of the outputs for prompts and decode steps of 1 to 24 rows, which cover every kernel variant. */
export async function trial(stage: Stage): Promise<string> {
  const outputs: Float32Array[] = [];
  const feed = async (rows: Row[]) => {
    const input = Float32Array.from(
      { length: rows.length * stage.hidden },
      (_, i) => ((i * 7919 + rows[0]!.position * 104729) % 2003) / 1001 - 1,
    );
    outputs.push(await stage.forward(rows, input));
  };
  await feed(Array.from({ length: 24 }, (_, position) => ({ slot: 0, position })));
  for (let position = 24; position < 36; position++) await feed([{ slot: 0, position }]);
  for (const count of [2, 3, 4, 4, 3, 2]) {
    await feed(Array.from({ length: count }, (_, slot) => ({ slot, position: 0 })));
  }
  const all = new Float32Array(outputs.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const output of outputs) {
    all.set(output, at);
    at += output.length;
  }
  return Array.from(await sha256(all), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

const checks = new Map<Build | undefined, Promise<void>>();

/**
 * Compares this process's arithmetic with the pinned hashes, before and after V8 tiers up the kernels. Runs once per build,
 * before a process serves or audits. Throws ARITHMETIC_MISMATCH when a hash differs.
 */
export function selfCheck({ build }: { build?: Build } = {}): Promise<void> {
  const known = checks.get(build);
  if (known) return known;
  const fresh = check(build);
  checks.set(build, fresh);
  return fresh;
}

async function check(build: Build | undefined): Promise<void> {
  const results = await Promise.all(CASES.map((each) => mismatchOf(each, build)));
  const mismatch = results.find((result) => result !== undefined);
  if (!mismatch) return;
  if (giveUpRevectorizer()) return check(build);
  throw new BitorchError(
    'ARITHMETIC_MISMATCH',
    "this machine's arithmetic differs from the network's, so its results would be rejected: update Node, and report the processor and the Node version",
    mismatch,
  );
}

async function mismatchOf({ shape, expected }: (typeof CASES)[number], build: Build | undefined) {
  const stage = await loadSample(shape, build === undefined ? {} : { build });
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const hash = await trial(stage);
      if (hash !== expected) return { shape, round, expected, hash };
    }
    return undefined;
  } finally {
    await stage.stop();
  }
}
