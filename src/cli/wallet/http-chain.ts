import { BitorchError, check, readBounded, z } from '#base';
import { type ChainCall, MAX_CHAIN_ANSWER_BYTES, remoteChain, type WalletChain } from '#ledger';
import { type ApiAddress, askProven } from '#node';

const TIMEOUT_MS = 30_000;

const zFailure = z.object({ error: z.object({ code: z.string().max(64), message: z.string().max(4096) }) });

/**
 * The chain that a node follows, asked over its HTTP API.
 *
 * @throws BitorchError (each question) what `askProven` throws, and what the node answers
 */
export function httpChain(address: ApiAddress): WalletChain {
  return remoteChain((question, bytes) => post(address, question, bytes));
}

async function post(address: ApiAddress, question: ChainCall, body: Uint8Array): Promise<Uint8Array> {
  const response = await askProven(address, `/api/chain/${question}`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const answer = await bounded(response);
  if (response.ok) return answer;
  throw failureOf(response.status, answer);
}

/** The body. Throws CHAIN_INVALID when it is longer than any valid answer. */
async function bounded({ body }: Response): Promise<Uint8Array> {
  const tooLong = () => new BitorchError('CHAIN_INVALID', "the node's answer is too long");
  return body ? readBounded(body, MAX_CHAIN_ANSWER_BYTES, tooLong) : new Uint8Array();
}

function failureOf(status: number, answer: Uint8Array): BitorchError {
  try {
    const { error } = check(zFailure, JSON.parse(Buffer.from(answer).toString()), 'answer');
    return BitorchError.relayed(error.code, error.message);
  } catch {
    return new BitorchError(
      'CHAIN_INVALID',
      `the node answered with status ${status}: is that a Bitorch node?`,
    );
  }
}
