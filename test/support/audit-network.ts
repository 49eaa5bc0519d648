import type { TestContext } from 'node:test';
import { createLog, sha256, utf8 } from '#base';
import { ClientSession, type Executor, planSession, SessionService, type StageOffer } from '#execution';
import { AnswerRecord, Auditor, audit, ReceiptSigner, type SignedReceipt, serveInputs } from '#verification';
import { type LocalHost, LocalNetwork } from './local-hosts.ts';
import { Remembering } from './remembering.ts';

const log = createLog('silent');
export const MANIFEST = sha256(utf8('a model'));

export interface AuditNetwork {
  readonly network: LocalNetwork;
  readonly client: LocalHost;
  readonly auditor: LocalHost;
  readonly stages: LocalHost[];
  readonly witnesses: ReceiptSigner[];
  readonly route: StageOffer[];
}

/** Stages of one block each, an auditor beside them and a client. Stages in `silent` serve no inputs. */
export async function auditNetwork(
  t: TestContext,
  executors: readonly Executor[],
  options: {
    silent?: number[];
    limits?: ConstructorParameters<typeof ReceiptSigner>[0]['limits'];
    auditing?: Pick<ConstructorParameters<typeof Auditor>[0], 'work' | 'now'>;
  } = {},
): Promise<AuditNetwork> {
  const network = new LocalNetwork();
  const stages: LocalHost[] = [];
  const witnesses: ReceiptSigner[] = [];
  const services: SessionService[] = [];
  for (const [hop, executor] of executors.entries()) {
    const host = await network.host();
    const witness = new ReceiptSigner({ key: host.key, ...(options.limits && { limits: options.limits }) });
    const service = new SessionService({ host, witness, log });
    await service.start();
    if (!options.silent?.includes(hop)) await serveInputs({ host, witness });
    service.offer(MANIFEST, executor);
    stages.push(host);
    witnesses.push(witness);
    services.push(service);
  }
  t.after(() => Promise.all(services.map((service) => service.stop())));
  const auditor = await network.host();
  const executorFor = async (_: Uint8Array, first: number, end: number) => new Remembering(first, end);
  await new Auditor({ host: auditor, key: auditor.key, executorFor, log, ...options.auditing }).start();
  const route = stages.map(({ id }, hop) => ({
    id,
    addresses: [],
    name: `stage ${hop + 1}`,
    first: executors[hop]!.first,
    end: executors[hop]!.end,
    reachable: true,
  }));
  return { network, client: await network.host(), auditor, stages, witnesses, route };
}

export const WIDTH = new Remembering(0, 1).hidden;
export const rows = (count: number, value = 1) => new Float32Array(count * WIDTH).fill(value);

export async function openSession({ client, route }: AuditNetwork, plan = planSession(MANIFEST, route)) {
  const record = new AnswerRecord(plan);
  const session = new ClientSession({ plan, hidden: WIDTH }, { host: client, observer: record });
  await session.open(AbortSignal.timeout(120_000));
  return { session, record };
}

/** An answer of 70 positions: three receipts a stage. */
export async function answer(net: AuditNetwork): Promise<AnswerRecord> {
  const { session, record } = await openSession(net);
  await session.forward(0, rows(70));
  await session.close();
  return record;
}

/** Has the work of one stage audited up to the end of the last of `receipts`, by default all of them. */
export function auditHop(
  net: AuditNetwork,
  record: AnswerRecord,
  hop: number,
  receipts: SignedReceipt[] = record.receiptsOf(hop),
) {
  const shown = Object.assign(Object.create(record), {
    plan: record.plan,
    receiptsOf: (at: number) => (at === hop ? receipts : record.receiptsOf(at)),
    inputs: (to: number) => record.inputs(to),
  }) as AnswerRecord;
  const { from, to } = receipts.at(-1)!.receipt;
  const { client, auditor } = net;
  const plan = { hop, stage: net.route[hop]!, auditor: { ...auditor, name: 'the auditor' }, from, to };
  const signal = AbortSignal.timeout(120_000);
  return audit(shown, plan, { host: client, key: client.key, width: WIDTH, signal });
}
