import { toHex } from '#base';
import { Cluster } from '../../test/support/consensus/cluster.ts';
import { genesisText } from './genesis.ts';
import type { Contestant, RunBlock } from './measure.ts';

/** Four validators of the embedded engine, a process each. */
export async function ourNetwork(outputs: number): Promise<Contestant> {
  const cluster = await Cluster.make({ genesis: (keys) => genesisText(keys, outputs), threads: 1 });
  return {
    name: 'Bitorch',
    start: async () => void (await cluster.start()),
    stop: () => cluster.stop(),
    async submit(transfer, at) {
      await cluster.validators[at]!.ask({ type: 'submit', transaction: toHex(transfer) });
    },
    blocks() {
      const [first, ...others] = cluster.validators;
      return [...first!.blocks.values()].flatMap((block): RunBlock[] => {
        const everywhere = others.map(({ blocks }) => blocks.get(block.height)?.at);
        if (everywhere.some((at) => at === undefined)) return [];
        const final = Math.max(block.at, ...(everywhere as number[]));
        // The first transaction of a block is its beacon.
        return [{ height: block.height, begun: block.time, final, transfers: block.transactions - 1 }];
      });
    },
  };
}
