import { BitorchError, check, equalBytes, type Logger, z, zBytes, zBytesUpTo, zCount } from '#base';
import type { SigningKey } from '#crypto';
import { type Executor, MAX_ROWS } from '#execution';
import { type Host, type PeerAddress, publicKeyOf } from '#network';
import { AUDIT_PROTOCOL, AUDIT_TIMEOUT_MS } from './constants.ts';
import { chunkHash, rowHashes } from './hashes.ts';
import { fetchInputs } from './inputs.ts';
import { openReceipt, type Receipt, signVerdict } from './statements.ts';

const MAX_RECEIPTS = 4096;
const MAX_REQUEST_BYTES = 2 << 20;
/** Audits that wait for their turn; more are refused. */
const MAX_WAITING = 8;

export const auditRequestSchema = z.strictObject({
  stage: z.strictObject({ id: z.string().max(128), addresses: z.array(z.string().max(256)).max(16) }),
  /** The stage's signed receipts from position 0 up to the audited chunk, in order. */
  receipts: z.array(zBytesUpTo(1024)).min(1).max(MAX_RECEIPTS),
  /** The client's signed ticket for the stage's inputs. */
  ticket: zBytesUpTo(1024),
  /** Session and width of a row, to ask for the inputs with. */
  session: zBytes(16),
  width: zCount,
});

export type AuditRequest = z.infer<typeof auditRequestSchema>;

/** Gives an executor for blocks of a model, fetching and loading them first where needed. */
export type ExecutorFor = (
  manifest: Uint8Array,
  first: number,
  end: number,
  signal: AbortSignal,
) => Promise<Executor>;

/** Re-executes other stages' work on request and signs what it got. One audit at a time. */
export class Auditor {
  readonly #host: Host;
  readonly #key: SigningKey;
  readonly #executorFor: ExecutorFor;
  readonly #log: Logger;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(dependencies: { host: Host; key: SigningKey; executorFor: ExecutorFor; log: Logger }) {
    this.#host = dependencies.host;
    this.#key = dependencies.key;
    this.#executorFor = dependencies.executorFor;
    this.#log = dependencies.log;
  }

  async start(): Promise<void> {
    const answerer = (message: unknown) => this.#enqueue(check(auditRequestSchema, message, 'audit request'));
    await this.#host.answer(AUDIT_PROTOCOL, answerer, { maxBytes: MAX_REQUEST_BYTES });
  }

  async #enqueue(request: AuditRequest): Promise<Uint8Array> {
    if (this.#waiting >= MAX_WAITING) throw new BitorchError('AUDITOR_BUSY', 'too many audits wait here');
    this.#waiting++;
    const audit = this.#last.then(() => this.#audit(request, AbortSignal.timeout(AUDIT_TIMEOUT_MS)));
    this.#last = audit.catch((error: unknown) => this.#log.info({ error }, 'audit failed'));
    return audit.finally(() => this.#waiting--);
  }

  async #audit(request: AuditRequest, signal: AbortSignal): Promise<Uint8Array> {
    const { stage, session, width, ticket } = request;
    const receipts = openChain(request);
    const { manifest, first, end, to } = receipts.at(-1)!;
    const executor = await this.#executorFor(manifest, first, end, signal);
    if (executor.hidden !== width)
      throw new BitorchError('AUDIT_INVALID', `rows of this model have ${executor.hidden} floats`);
    if (to > executor.context)
      throw new BitorchError('AUDIT_INVALID', `${to} positions are more than the model's context`);
    const inputs = await fetchInputs(
      this.#host,
      stage as PeerAddress,
      { session, ticket, to, width },
      signal,
    );
    checkInputs(inputs, width, receipts);
    const outputs = await reexecute(executor, inputs, { first, end });
    const { receipt, recomputed } = firstDifference(outputs, receipts) ?? lastOf(outputs, receipts);
    const verdict = {
      session,
      stage: stage.id,
      first,
      end,
      from: receipt.from,
      to: receipt.to,
      signed: receipt.output,
      recomputed,
    };
    return signVerdict(verdict, this.#key);
  }
}

/** The receipts, each signed by the stage, for one piece of work, without a gap from position 0. */
function openChain(request: AuditRequest): Receipt[] {
  const signer = publicKeyOf(request.stage.id);
  const receipts = request.receipts.map((signed) => openReceipt(signed, signer));
  const [head] = receipts as [Receipt];
  let next = 0;
  for (const { session, manifest, first, end, from, to } of receipts) {
    const same =
      equalBytes(session, request.session) &&
      equalBytes(manifest, head.manifest) &&
      first === head.first &&
      end === head.end;
    if (!same || from !== next)
      throw new BitorchError('AUDIT_INVALID', 'the receipts are not one chain from position 0');
    next = to;
  }
  return receipts;
}

function checkInputs(inputs: Float32Array, width: number, receipts: Receipt[]): void {
  const hashes = rowHashes(inputs, inputs.length / width);
  for (const { from, to, input } of receipts) {
    if (!equalBytes(chunkHash(hashes.slice(from, to)), input)) {
      throw new BitorchError(
        'INPUTS_MISSING',
        `the stage handed over other inputs than it signed for positions ${from}–${to - 1}`,
      );
    }
  }
}

/** Runs the rows again and returns the hash of each output row. */
async function reexecute(
  executor: Executor,
  inputs: Float32Array,
  range: { first: number; end: number },
): Promise<Uint8Array[]> {
  const width = executor.hidden;
  const hashes: Uint8Array[] = [];
  for (let position = 0; position * width < inputs.length; position += MAX_ROWS) {
    const chunk = inputs.subarray(position * width, (position + MAX_ROWS) * width);
    const count = chunk.length / width;
    const rows = Array.from({ length: count }, (_, i) => ({ slot: 0, position: position + i }));
    hashes.push(...rowHashes(await executor.forward(rows, chunk, range), count));
  }
  return hashes;
}

interface Comparison {
  receipt: Receipt;
  recomputed: Uint8Array;
}

const compare = (outputs: Uint8Array[], receipt: Receipt): Comparison => ({
  receipt,
  recomputed: chunkHash(outputs.slice(receipt.from, receipt.to)),
});

const firstDifference = (outputs: Uint8Array[], receipts: Receipt[]): Comparison | undefined =>
  receipts
    .map((receipt) => compare(outputs, receipt))
    .find((c) => !equalBytes(c.recomputed, c.receipt.output));

const lastOf = (outputs: Uint8Array[], receipts: Receipt[]): Comparison => compare(outputs, receipts.at(-1)!);
