import { BitorchError, bytesOf, concat, equalBytes } from '#base';
import { floatsOf, MAX_FRAME_BYTES, MAX_ROWS } from '#execution';
import { type FrameStream, type Host, type PeerAddress, publicKeyOf } from '#network';
import { INPUTS_PROTOCOL } from './constants.ts';
import { openTicket } from './statements.ts';
import type { LoggedSession, StageWitness } from './witness.ts';

const SESSION_BYTES = 16;

/** Hands a session's logged inputs to the auditor that the session's client has named. */
export async function serveInputs(dependencies: { host: Host; witness: StageWitness }): Promise<void> {
  const { host, witness } = dependencies;
  await host.handle(INPUTS_PROTOCOL, MAX_FRAME_BYTES, async (stream) => {
    const request = (await stream.read(AbortSignal.timeout(10_000))) ?? new Uint8Array();
    const logged = witness.find(request.subarray(0, SESSION_BYTES));
    if (!logged) throw new BitorchError('SESSION_UNKNOWN', 'the inputs of this session are not kept here');
    const to = allowed(request.subarray(SESSION_BYTES), logged, host.id, stream.remote);
    for (let from = 0; from < to; from += MAX_ROWS) {
      await stream.send(...logged.inputs.slice(from, Math.min(to, from + MAX_ROWS)).map(bytesOf));
    }
    await stream.close();
  });
}

/** How many positions the ticket opens. Throws TICKET_INVALID, SIGNATURE_INVALID. */
function allowed(signed: Uint8Array, logged: LoggedSession, self: string, asker: string): number {
  const ticket = openTicket(signed, publicKeyOf(logged.terms.client));
  const sameSession = equalBytes(ticket.session, logged.terms.session);
  if (!sameSession || ticket.stage !== self || ticket.auditor !== asker || ticket.to > logged.inputs.length) {
    throw new BitorchError('TICKET_INVALID', 'the ticket is for another session, stage, auditor or length');
  }
  return ticket.to;
}

/**
 * Fetches what a stage was given at positions [0, to): floats [to, width]. Throws INPUTS_MISSING when the stage
 * does not hand over all of it.
 */
export async function fetchInputs(
  host: Host,
  stage: PeerAddress,
  request: { session: Uint8Array; ticket: Uint8Array; to: number; width: number },
  signal: AbortSignal,
): Promise<Float32Array> {
  let stream: FrameStream | undefined;
  try {
    stream = await host.open(stage, INPUTS_PROTOCOL, MAX_FRAME_BYTES, { signal });
    await stream.send(request.session, request.ticket);
    const wanted = request.to * request.width * 4;
    const parts: Uint8Array[] = [];
    for (let bytes = 0; bytes < wanted; bytes += parts.at(-1)!.length) {
      const frame = await stream.read(signal);
      if (!frame) break;
      parts.push(frame);
    }
    const inputs = concat(parts);
    if (inputs.length !== wanted) throw new Error(`${inputs.length} of ${wanted} bytes came`);
    return floatsOf(inputs);
  } catch (error) {
    throw new BitorchError(
      'INPUTS_MISSING',
      'the audited stage did not hand over its inputs',
      { stage: stage.id },
      error,
    );
  } finally {
    stream?.abort();
  }
}
