/** The worker side of `VerifierThreads`: answers each batch with its verdicts. */
import { parentPort, workerData } from 'node:worker_threads';
import { kernelCurve } from '#crypto';
import {
  decode,
  equivocationCodec,
  isProven,
  outputs,
  parseTransaction,
  ringSpends,
  type Spend,
} from '#ledger';
import { MemoryStore, Overlay } from '#store';
import { type EvidenceJob, type SpendJob, verdictsOf } from './spend-verifier.ts';
import { yieldToOthers } from './yield-to-others.ts';

yieldToOthers();

const curve = kernelCurve((workerData as { kernel: WebAssembly.Module }).kernel);
const rules = ringSpends(curve);

parentPort!.on('message', (jobs: readonly (SpendJob | EvidenceJob)[]) => {
  const view = new Overlay(new MemoryStore());
  const spends = jobs.map((job) => ('evidence' in job ? undefined : spendOf(job, view)));
  const whole = spends.filter((spend) => spend !== undefined);
  const verdicts = verdictsOf(rules, view, whole);
  parentPort!.postMessage(
    jobs.map((job, i) =>
      'evidence' in job ? evidenceHolds(job) : spends[i] !== undefined && verdicts[whole.indexOf(spends[i])]!,
    ),
  );
});

const evidenceHolds = ({ evidence, chainId }: EvidenceJob): boolean =>
  isProven(decode(equivocationCodec, evidence), chainId);

/** Undefined when malformed. */
function spendOf({ bytes, members }: SpendJob, view: Overlay): Spend | undefined {
  try {
    for (const [number, output] of members) outputs.put(view, number, output);
    const transaction = parseTransaction(bytes, curve);
    return { transaction, points: rules.resolve(transaction) };
  } catch {
    return undefined;
  }
}
