import { BitorchError } from '#base';
import {
  encode,
  type OutputRecord,
  outputCodec,
  type SpendRecord,
  type Stretch,
  spendCodec,
  verifyStretch,
} from '#ledger';
import { ask, MAX_PROVEN_AT, type Roots } from '../application/index.ts';
import type { LightPeer } from './light-peer.ts';

/**
 * Queries whose answers are checked against the roots of a proven state. Each throws CHAIN_INVALID when the answer
 * is false.
 */

export async function provenOutputs(
  peer: LightPeer,
  stretch: Stretch,
  { outputsRoot }: Roots,
): Promise<readonly OutputRecord[]> {
  const { outputs, proof } = await ask(peer, '/proven-outputs', stretch);
  requireProof(
    verifyStretch(
      outputsRoot,
      outputs.map((output) => encode(outputCodec, output)),
      stretch,
      proof,
    ),
  );
  return outputs;
}

export async function provenSpends(
  peer: LightPeer,
  stretch: Stretch,
  { spendsRoot }: Roots,
): Promise<readonly SpendRecord[]> {
  const { spends, proof } = await ask(peer, '/proven-spends', stretch);
  requireProof(
    verifyStretch(
      spendsRoot,
      spends.map((spend) => encode(spendCodec, spend)),
      stretch,
      proof,
    ),
  );
  return spends;
}

/** By number, each once. Requested in ascending order, so that the order reveals nothing. */
export async function provenOutputsAt(
  peer: LightPeer,
  asked: readonly number[],
  { outputsRoot, outputs: count }: Roots,
): Promise<ReadonlyMap<number, OutputRecord>> {
  const all = [...new Set(asked)].sort((a, b) => a - b);
  const found = new Map<number, OutputRecord>();
  for (let first = 0; first < all.length; first += MAX_PROVEN_AT) {
    const numbers = all.slice(first, first + MAX_PROVEN_AT);
    const answers = await ask(peer, '/proven-outputs-at', { numbers, count });
    requireProof(answers.length === numbers.length);
    for (const [i, { output, proof }] of answers.entries()) {
      const from = numbers[i]!;
      const leaves = [encode(outputCodec, output)];
      requireProof(verifyStretch(outputsRoot, leaves, { from, to: from + 1, count }, proof));
      found.set(from, output);
    }
  }
  return found;
}

function requireProof(holds: boolean): void {
  if (!holds) throw new BitorchError('CHAIN_INVALID', "the node's answer is not in the proven state");
}
