import { BitorchError, pause } from '#base';
import type { AuditResult, InviteView, NetworkView, SecurityView } from '#node';
import { type Chunk, readAnswer, type StreamedAnswer } from '../completion-stream.ts';
import type { Ready } from './process.ts';

const AUDIT_TIMEOUT_MS = 180_000;
const AUDIT_POLL_MS = 100;

export type Answer = Required<StreamedAnswer>;

/** Sends a prompt through the public API; `onText` receives the answer as it arrives. */
export async function ask(
  node: Ready,
  prompt: string,
  onText: (text: string) => void,
  signal: AbortSignal,
): Promise<Answer> {
  const response = await fetch(`${node.url}/v1/chat/completions`, {
    method: 'POST',
    signal,
    headers: { authorization: `Bearer ${node.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      messages: [{ role: 'user', content: prompt }],
      stream: true,
      temperature: 0,
      max_tokens: 256,
      stream_options: { include_usage: true },
    }),
  });
  if (!response.ok || !response.body) throw await failure(response);
  const unknown = { id: '', tokens: 0, tokensPerSecond: 0, timeToFirstTokenMs: 0 };
  return { ...unknown, ...(await readAnswer(response.body, onText)) };
}

/** Waits for the result of an answer's audit. Throws AUDIT_TIMEOUT when it takes too long. */
export async function auditOf(node: Ready, answerId: string, signal: AbortSignal): Promise<AuditResult> {
  const deadline = Date.now() + AUDIT_TIMEOUT_MS;
  for (;;) {
    const audit = await get<AuditResult>(node, `/api/answers/${answerId}/audit`, signal).catch(
      () => undefined,
    );
    if (audit && audit.state !== 'pending') return audit;
    if (Date.now() > deadline) throw new BitorchError('AUDIT_TIMEOUT', 'the audit did not finish in time');
    await pause(AUDIT_POLL_MS);
  }
}

export const networkOf = (node: Ready, signal: AbortSignal): Promise<NetworkView> =>
  get(node, '/api/network', signal);

export const securityOf = (node: Ready, signal: AbortSignal): Promise<SecurityView> =>
  get(node, '/api/security', signal);

/** A new invite to the node's network. */
export const inviteOf = async (node: Ready, signal: AbortSignal): Promise<string> =>
  (await get<InviteView>(node, '/api/network/invite', signal)).invite;

async function get<T>(node: Ready, path: string, signal: AbortSignal): Promise<T> {
  const response = await fetch(`${node.url}${path}`, {
    signal,
    headers: { authorization: `Bearer ${node.token}` },
  });
  if (!response.ok) throw await failure(response);
  return (await response.json()) as T;
}

async function failure(response: Response): Promise<BitorchError> {
  const body = (await response.json().catch(() => ({}))) as Chunk;
  return BitorchError.relayed(
    body.error?.code ?? 'ANSWER_FAILED',
    body.error?.message ?? `the node answered ${response.status}`,
  );
}
