import { parentPort, workerData } from 'node:worker_threads';
import { defaultCurve } from '#crypto';
import { accountOf } from '#ledger';
import { signTransfer } from '../../src/ledger/wallet/sign.ts';
import type { Job } from './presign.ts';

const { network, entropy } = workerData as { network: Uint8Array; entropy: Uint8Array };
const curve = defaultCurve();
const account = accountOf(entropy, curve);

parentPort!.on('message', ({ plan, members }: Job) =>
  parentPort!.postMessage(signTransfer(plan, { account, network, members, curve }).transaction.bytes),
);
