import {
  BitorchError,
  check,
  codeOf,
  decodeCanonical,
  encodeCanonical,
  equalBytes,
  messageOf,
  toHex,
  z,
  zBytes,
  zBytesUpTo,
} from '#base';
import { type FrameStream, type Host, type PeerAddress, publicKeyOf, remoteError } from '#network';
import { INPUTS_PROTOCOL, INPUTS_TIMEOUT_MS, STATES_FRAME_BYTES, STATES_STALL_MS } from './constants.ts';
import type { ReceiptSigner } from './receipt-signer.ts';
import type { LoggedChunk } from './session-log.ts';
import { MAX_STATEMENT_BYTES, openTicket } from './statements.ts';
import { receiveStates, sendStates } from './states.ts';

const requestSchema = z.strictObject({
  session: zBytes(16),
  /** Peer id of the session's client. */
  client: z.string().max(128),
  /** Id of the receipt of the last requested chunk. */
  receipt: zBytes(32),
  /** The stage's inputs or its outputs. */
  side: z.enum(['input', 'output']),
  /** The client's signed ticket when an auditor sends the request; null when the client itself does. */
  ticket: zBytesUpTo(MAX_STATEMENT_BYTES).nullable(),
});

/** A request for logged states of a session. */
export type InputsRequest = z.infer<typeof requestSchema>;

const answerSchema = z.union([
  z.strictObject({ ok: z.literal(true) }),
  z.strictObject({ error: z.strictObject({ code: z.string(), message: z.string() }) }),
]);

const MAX_CONTROL_BYTES = 4 << 10;

/** Serves a session's logged states to its client, and its inputs to an auditor that holds the client's ticket. */
export async function serveInputs(dependencies: {
  host: Pick<Host, 'id' | 'handle'>;
  witness: ReceiptSigner;
}): Promise<void> {
  const { host, witness } = dependencies;
  await host.handle(INPUTS_PROTOCOL, STATES_FRAME_BYTES, async (stream) => {
    const frame = (await stream.read(AbortSignal.timeout(STATES_STALL_MS))) ?? new Uint8Array();
    try {
      const request = check(requestSchema, decodeCanonical(frame, MAX_CONTROL_BYTES), 'request for inputs');
      const { chunks, width } = findChunks(request, witness, { self: host.id, asker: stream.remote });
      await stream.send(encodeCanonical({ ok: true }));
      for (const chunk of chunks) await sendStates(stream, chunk[request.side], width);
    } catch (error) {
      await stream.send(encodeCanonical({ error: { code: codeOf(error), message: messageOf(error) } }));
    }
    await stream.close();
  });
}

/**
 * The requested chunks. Throws SESSION_UNKNOWN when they are not in the log, TICKET_INVALID when the ticket does not allow the
 * request, and whatever openTicket() throws.
 */
function findChunks(
  { session, client, receipt, side, ticket }: InputsRequest,
  witness: ReceiptSigner,
  { self, asker }: { self: string; asker: string },
): { chunks: LoggedChunk[]; width: number } {
  const log = witness.find({ session, client });
  const chunks = log?.branch(toHex(receipt));
  if (!log || !chunks)
    throw new BitorchError('SESSION_UNKNOWN', 'this node has no log of this session and receipt');
  const { width } = log.terms;
  if (asker === client && ticket === null) return { chunks, width };
  const given = openTicket(ticket ?? new Uint8Array(), publicKeyOf(client));
  const fits =
    equalBytes(given.session, session) &&
    equalBytes(given.receipt, receipt) &&
    given.stage === self &&
    given.auditor === asker;
  if (!fits || side !== 'input')
    throw new BitorchError('TICKET_INVALID', 'the ticket is for other states or for another auditor');
  return { chunks, width };
}

/**
 * Fetches logged states of positions [0, to): to × width f32. Throws INPUTS_WITHHELD when the stage responds but does not send
 * all of them, INPUTS_MISSING when it is unreachable or stops responding, which need not be its fault.
 */
export async function fetchInputs(
  host: Pick<Host, 'open'>,
  stage: PeerAddress,
  request: InputsRequest,
  size: { to: number; width: number },
  signal: AbortSignal,
): Promise<Float32Array> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(INPUTS_TIMEOUT_MS)]);
  let stream: FrameStream | undefined;
  try {
    stream = await host.open(stage, INPUTS_PROTOCOL, STATES_FRAME_BYTES, { signal: limit });
    await stream.send(encodeCanonical(request));
    const frame = (await stream.read(limit)) ?? new Uint8Array();
    const answer = check(answerSchema, decodeCanonical(frame, MAX_CONTROL_BYTES), 'answer');
    if ('error' in answer) throw remoteError(stage.id, stage.id, answer.error);
    return await receiveStates(stream, size, { stallMs: STATES_STALL_MS, signal: limit });
  } catch (error) {
    const withheld = isRefusal(error);
    throw new BitorchError(
      withheld ? 'INPUTS_WITHHELD' : 'INPUTS_MISSING',
      withheld
        ? `${stage.id} withheld its inputs: ${messageOf(error)}`
        : `the inputs of ${stage.id} could not be fetched: ${messageOf(error)}`,
      { stage: stage.id },
      error,
    );
  } finally {
    stream?.abort();
  }
}

/** Error codes that only the stage itself can cause, as opposed to a broken connection or a timeout. */
const REFUSALS = new Set([
  'REMOTE_ERROR',
  'FRAME_INVALID',
  'FRAME_TOO_LONG',
  'CODEC_INVALID',
  'SCHEMA_INVALID',
]);

/** A stage that claims not to support the protocol refuses as well. */
const isRefusal = (error: unknown): boolean =>
  REFUSALS.has(codeOf(error)) || nameOf((error as Error).cause) === 'UnsupportedProtocolError';

const nameOf = (error: unknown): string | undefined => (error instanceof Error ? error.name : undefined);
