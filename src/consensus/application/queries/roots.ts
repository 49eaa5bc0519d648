import { equalBytes } from '#base';
import {
  accountTree,
  encode,
  feeCodec,
  feeRecord,
  type Head,
  hashOfRoots,
  keyImageRange,
  outputRange,
  parametersCodec,
  parametersOf,
  parametersRecord,
  rootsOf,
  verifyMember,
  verifyStretch,
} from '#ledger';
import type { ReadView } from '#store';
import { applicationHash, type ChainRecord, recordHash } from '../chain-record.ts';
import type { Roots } from './questions.ts';

/** Keys of the two singleton records. */
const PARAMETERS_KEY = Uint8Array.of(parametersRecord.tag);
const FEE_KEY = Uint8Array.of(feeRecord.tag);

export function provenRoots({
  state,
  head,
  record,
}: {
  readonly state: ReadView;
  readonly head: Head;
  readonly record: ChainRecord;
}): Roots {
  const roots = rootsOf(state);
  const [outputs, spends] = [outputRange.count(state), keyImageRange.count(state)];
  return {
    height: head.height,
    outputs,
    spends,
    outputsRoot: roots.outputs,
    outputsPeaks: outputRange.prove(state, noneOf(outputs)),
    spendsRoot: roots.spends,
    spendsPeaks: keyImageRange.prove(state, noneOf(spends)),
    accountsRoot: roots.accounts,
    record: recordHash(record),
    parameters: parametersOf(state),
    parametersProof: accountTree.prove(state, PARAMETERS_KEY).siblings,
    baseFee: feeRecord.bucket.get(state, null)!.base,
    baseFeeProof: accountTree.prove(state, FEE_KEY).siblings,
  };
}

const noneOf = (count: number) => ({ from: 0, to: 0, count });

/** Whether these are the roots of the state with this app hash, and all values given with them follow from them. */
export function verifyRoots(appHash: Uint8Array, roots: Roots): boolean {
  const { height, outputsRoot, spendsRoot, accountsRoot, record } = roots;
  const ledger = hashOfRoots(height, { outputs: outputsRoot, spends: spendsRoot, accounts: accountsRoot });
  return (
    equalBytes(applicationHash(ledger, record), appHash) &&
    verifyStretch(outputsRoot, [], noneOf(roots.outputs), roots.outputsPeaks) &&
    verifyStretch(spendsRoot, [], noneOf(roots.spends), roots.spendsPeaks) &&
    verifyMember(
      accountsRoot,
      PARAMETERS_KEY,
      encode(parametersCodec, roots.parameters),
      roots.parametersProof,
    ) &&
    verifyMember(accountsRoot, FEE_KEY, encode(feeCodec, { base: roots.baseFee }), roots.baseFeeProof)
  );
}
