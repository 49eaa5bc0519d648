import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { basename } from 'node:path';
import { test } from 'node:test';
import { readTrace } from '../../support/consensus/itf.ts';
import { replay } from '../../support/consensus/replay.ts';

/**
 * Traces of Malachite's Quint specification of Tendermint: its directed tests, and random walks with faulty validators.
 * Lay others beside them, or name their folder in BITORCH_TENDERMINT_TRACES.
 */
const FOLDERS = [`${import.meta.dirname}/tendermint`, process.env.BITORCH_TENDERMINT_TRACES];
const seen = new Set<string>();

for (const folder of FOLDERS) {
  for (const path of folder ? globSync(`${folder}/*.itf.json{,.gz}`).sort() : []) {
    test(`${basename(path)}: state and output are equal at every step`, () => {
      for (const [kind] of replay(readTrace(path))) seen.add(kind);
    });
  }
}

test('the traces exercise every input of the driver', () => {
  const inputs = [
    'Start',
    'Proposal',
    'ProposeValue',
    'Vote',
    'Certificate',
    'Timeout',
    'StepChange',
    'Pending',
  ];
  for (const input of inputs) assert.ok(seen.has(`${input}DInput`), input);
});
