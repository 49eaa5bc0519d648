/** One stage of bench/decode/split.ts: it serves sessions as a node does, for one manifest id without receipts. */
import { createLog, equalBytes, sha256, utf8 } from '#base';
import { SigningKey } from '#crypto';
import { SessionService, type Witness } from '#execution';
import { Host, type PeerAddress } from '#network';
import { ReceiptSigner } from '#verification';
import { loadBlocks, openModel } from '../../test/support/load-model.ts';
import { PIN, ROOM } from './workload.ts';

export interface StageSetup {
  readonly gguf: string;
  readonly first: number;
  readonly end: number;
  readonly threads: number;
}

/** Manifest ids under which a stage offers its blocks. */
export const MANIFESTS = {
  receipts: sha256(utf8('bench with receipts')),
  silent: sha256(utf8('bench without receipts')),
};

const silent: Witness = { open: () => ({ record: () => [], close: () => [] }) };

async function start({ gguf, first, end, threads }: StageSetup): Promise<PeerAddress> {
  const log = createLog('silent');
  const key = SigningKey.generate();
  const host = await Host.start({ key }, { log });
  const receipts = new ReceiptSigner({ key });
  const witness: Witness = {
    open: (terms) => (equalBytes(terms.manifest, MANIFESTS.silent) ? silent : receipts).open(terms),
  };
  const service = new SessionService({ host, witness, log, locate: () => previous });
  await service.start();
  const model = await openModel(gguf);
  const stage = await loadBlocks(model, first, end, { threads, pin: PIN, context: ROOM });
  await model.close();
  // Both sessions use the one slot: they run the same tokens, so its cache holds the same bits for both.
  for (const manifest of Object.values(MANIFESTS)) service.offer(manifest, stage);
  return { id: host.id, addresses: host.addresses };
}

/** The stage before this one. */
let previous: PeerAddress | undefined;

if (process.send && process.argv[1] === import.meta.filename) {
  process.once('message', (setup: StageSetup) => {
    process.on('message', (address: PeerAddress) => {
      previous = address;
    });
    start(setup).then((address) => process.send!(address));
  });
  process.on('disconnect', () => process.exit());
}
