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
  /** Id of the last receipt whose chunk is asked for. */
  receipt: zBytes(32),
  /** What went into the stage, or what came out of it. */
  side: z.enum(['input', 'output']),
  /** The client's signed ticket, where an auditor asks; null: the client itself asks. */
  ticket: zBytesUpTo(MAX_STATEMENT_BYTES).nullable(),
});

/** Which logged states are asked for. */
export type InputsRequest = z.infer<typeof requestSchema>;

const answerSchema = z.union([
  z.strictObject({ ok: z.literal(true) }),
  z.strictObject({ error: z.strictObject({ code: z.string(), message: z.string() }) }),
]);

const MAX_CONTROL_BYTES = 4 << 10;

/** Hands a session's logged states to its client, and its inputs to the auditor that the client has named. */
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

/** Throws SESSION_UNKNOWN, TICKET_INVALID and what openTicket() throws. */
function findChunks(
  { session, client, receipt, side, ticket }: InputsRequest,
  witness: ReceiptSigner,
  { self, asker }: { self: string; asker: string },
): { chunks: LoggedChunk[]; width: number } {
  const log = witness.find({ session, client });
  const chunks = log?.branch(toHex(receipt));
  if (!log || !chunks)
    throw new BitorchError('SESSION_UNKNOWN', 'there is no log of this session and receipt here');
  const { width } = log.terms;
  if (asker === client && ticket === null) return { chunks, width };
  const given = openTicket(ticket ?? new Uint8Array(), publicKeyOf(client));
  const fits =
    equalBytes(given.session, session) &&
    equalBytes(given.receipt, receipt) &&
    given.stage === self &&
    given.auditor === asker;
  if (!fits || side !== 'input')
    throw new BitorchError('TICKET_INVALID', 'the ticket is for other states, or for somebody else');
  return { chunks, width };
}

/**
 * Fetches logged states of positions [0, to): floats [to, width]. Throws INPUTS_WITHHELD when the stage answers and does not
 * hand over all of them; INPUTS_MISSING when it cannot be reached or stops answering, which need not be its fault.
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
      `${stage.id} ${withheld ? 'did not hand over' : 'could not be asked for'} what it computed with: ${messageOf(error)}`,
      { stage: stage.id },
      error,
    );
  } finally {
    stream?.abort();
  }
}

/** What an answer, or the end of one, can only be when the stage means it: not a broken connection, not silence. */
const REFUSALS = new Set([
  'REMOTE_ERROR',
  'FRAME_INVALID',
  'FRAME_TOO_LONG',
  'CODEC_INVALID',
  'SCHEMA_INVALID',
]);

/** Saying that one does not speak the protocol is an answer, too. */
const isRefusal = (error: unknown): boolean =>
  REFUSALS.has(codeOf(error)) || nameOf((error as Error).cause) === 'UnsupportedProtocolError';

const nameOf = (error: unknown): string | undefined => (error instanceof Error ? error.name : undefined);
