import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { defaultCurve } from '#crypto';
import { Ledger, localChain, readDecoys, Wallet, wordsOf } from '#ledger';
import { MemoryStore } from '#store';
import { ledgerGenesis } from '../../src/consensus/application/genesis.ts';
import { planTransfer, type TransferPlan } from '../../src/ledger/wallet/plan.ts';
import { readMembers } from '../../src/ledger/wallet/sign.ts';
import { ENTROPY, genesisOf, VALIDATOR_KEYS } from './genesis.ts';

export interface Job {
  readonly plan: TransferPlan;
  readonly members: Awaited<ReturnType<typeof readMembers>>;
}

/** Private transfers of two inputs and two outputs, each spending outputs of the faucet that no other one spends. */
export async function presign(count: number): Promise<Uint8Array[]> {
  const curve = defaultCurve();
  const genesis = genesisOf(VALIDATOR_KEYS, 2 * count);
  const ledger = Ledger.create(ledgerGenesis(genesis, curve), { store: new MemoryStore(), curve });
  const chain = localChain(ledger, () => undefined);
  const { network } = genesis.parameters;
  const wallet = Wallet.restore(wordsOf(ENTROPY), { network, curve });
  await wallet.scan(chain);
  const status = await chain.status();
  const decoys = await readDecoys(chain, status);
  const to = Wallet.create({ network, curve }).address();
  const jobs: Job[] = [];
  for (let i = 0; i < count; i++) {
    const spendable = wallet.owned.slice(2 * i, 2 * i + 2);
    const source = { ...decoys, baseFee: status.baseFee * 4n, spendable, changeTo: wallet.address() };
    const payments = [{ to, amount: (spendable[0]!.amount * 3n) / 2n }];
    const plan = planTransfer({ payments }, source);
    jobs.push({ plan, members: await readMembers(plan, chain) });
  }
  return signAll(jobs, network);
}

/** In threads: signing takes far longer than what is measured. */
async function signAll(jobs: readonly Job[], network: Uint8Array): Promise<Uint8Array[]> {
  const signed: Uint8Array[] = new Array(jobs.length);
  let next = 0;
  const work = () =>
    new Promise<void>((resolve, reject) => {
      const url = new URL('./presign-worker.ts', import.meta.url);
      const worker = new Worker(url, { workerData: { network, entropy: ENTROPY }, execArgv: [] });
      const give = () => {
        if (next === jobs.length) return void worker.terminate().then(() => resolve());
        const number = next++;
        worker.once('message', (bytes: Uint8Array) => {
          signed[number] = bytes;
          give();
        });
        worker.postMessage(jobs[number]!);
      };
      worker.once('error', reject);
      give();
    });
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return signed;
}
