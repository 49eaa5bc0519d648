import { Cluster, until } from '../../test/support/consensus/cluster.ts';
import { genesisText } from './genesis.ts';

/** Waits for nobody: a thousand blocks are to be made quickly. */
const FAST = {
  propose: 60,
  proposeStep: 60,
  prevote: 40,
  prevoteStep: 40,
  precommit: 40,
  precommitStep: 40,
  commit: 1,
};

export interface CatchUp {
  readonly blocks: number;
  /** From the start of the process until it has every block that the others had when it started. */
  readonly seconds: number;
  /** Of that, until the process could do anything at all. */
  readonly startSeconds: number;
}

/** Kills one of four validators, lets the others go on for so many blocks, and starts it again. */
export async function catchUp(blocks: number): Promise<CatchUp> {
  const cluster = await Cluster.make({ genesis: (keys) => genesisText(keys, 32, FAST) });
  try {
    await cluster.start();
    const [first, , , last] = cluster.validators;
    await until(() => last!.height >= 3, 'three blocks');
    await last!.kill();
    const from = last!.height;
    await until(() => first!.height >= from + blocks, `${blocks} blocks more`, 600);
    const target = first!.height;
    const began = performance.now();
    await last!.start();
    const started = performance.now();
    await until(() => last!.height >= target, 'caught up', 120);
    const seconds = (performance.now() - began) / 1000;
    if (cluster.contradictions().length > 0) throw new Error(cluster.contradictions().join('\n'));
    return { blocks: target - from, seconds, startSeconds: (started - began) / 1000 };
  } finally {
    await cluster.stop();
  }
}
