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
      const [first] = cluster.validators;
      return [...first!.blocks.values()].flatMap(({ height, time, transactions }): RunBlock[] => {
        const seen = cluster.validators.flatMap(({ blocks }) => blocks.get(height) ?? []);
        if (seen.length < cluster.validators.length) return [];
        const final = Math.max(...seen.map(({ at }) => at));
        const proposed = seen.map(({ at, finalityMs = 0 }) => at - finalityMs);
        // The first transaction of a block is its beacon.
        return [{ height, begun: Math.min(time, ...proposed), final, transfers: transactions.slice(1) }];
      });
    },
  };
}
