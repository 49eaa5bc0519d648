import type { Certificate } from '../../../../src/consensus/blocks/certificate.ts';
import type { Proposal } from '../../../../src/consensus/blocks/proposal.ts';
import type { Vote } from '../../../../src/consensus/blocks/vote.ts';
import type { EngineState } from '../../../../src/consensus/engine/engine-state.ts';

export type Message =
  | { readonly type: 'vote'; readonly vote: Vote }
  | { readonly type: 'proposal'; readonly proposal: Proposal }
  /** Prevotes that a proposal with a valid round goes back to. */
  | { readonly type: 'polka'; readonly polka: Certificate }
  /** A decided block of a height that the receiver has not decided. */
  | { readonly type: 'decided'; readonly commit: Certificate }
  /** What the sender has: the receiver answers with what it lacks. */
  | { readonly type: 'status'; readonly from: number; readonly height: number; readonly state: EngineState };

/** A made-up block: its id says all there is to know of it. */
export interface MadeBlock {
  readonly height: number;
  readonly time: number;
  readonly valid: boolean;
}

export function makeBlockId({ height, time, valid }: MadeBlock, maker: number, serial: number): Uint8Array {
  const block = new Uint8Array(32);
  const view = new DataView(block.buffer);
  view.setUint32(0, height);
  view.setFloat64(4, time);
  view.setUint32(12, maker + 1);
  view.setUint32(16, serial);
  block[31] = valid ? 1 : 0;
  return block;
}

export function readBlockId(block: Uint8Array): MadeBlock {
  const view = new DataView(block.buffer, block.byteOffset);
  return { height: view.getUint32(0), time: view.getFloat64(4), valid: block[31] === 1 };
}
