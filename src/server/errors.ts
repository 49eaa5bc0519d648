import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { BitorchError, codeOf, describeProblem, type Logger, messageOf, parse, type z } from '#base';

/** The body of every failed request, in the form OpenAI's clients expect. */
export interface ErrorBody {
  error: { message: string; type: string; code: string; param: string | null };
}

/** HTTP status of each code a request can fail with (docs/api.md); a code that is not here is a 500. */
const STATUS: Readonly<Record<string, number>> = {
  INVALID_REQUEST: 400,
  UNSUPPORTED_PARAMETER: 400,
  CONTEXT_EXCEEDED: 400,
  PROMPT_TOO_LONG: 400,
  CHAT_TEMPLATE_FAILED: 400,
  CHAT_TEMPLATE_LIMIT: 400,
  TIME_LIMIT: 400,
  ADDRESS_INVALID: 400,
  AMOUNT_INVALID: 400,
  FUNDS_INSUFFICIENT: 400,
  PASSWORD_WEAK: 400,
  TOKEN_NAME_INVALID: 400,
  PROOF_INVALID: 400,
  WORDS_INVALID: 400,
  HEIGHT_BEYOND: 400,
  CODEC_INVALID: 400,
  CHAIN_QUESTION: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN_HOST: 403,
  FORBIDDEN_SCOPE: 403,
  MODEL_QUARANTINED: 403,
  MODEL_PENDING: 403,
  PASSWORD_WRONG: 403,
  WALLET_LOCKED: 403,
  NOT_FOUND: 404,
  NO_CHAIN: 404,
  NO_FAUCET: 404,
  PAYMENT_UNKNOWN: 404,
  TOKEN_UNKNOWN: 404,
  WALLET_MISSING: 404,
  MODEL_UNKNOWN: 404,
  TRANSACTION_INVALID: 409,
  TOKEN_EXISTS: 409,
  TOKENS_TOO_MANY: 409,
  TRANSACTION_EXPIRED: 409,
  PROOFS_INVALID: 409,
  OUTPUT_SPENT: 409,
  FEE_TOO_LOW: 409,
  WALLET_EXISTS: 409,
  NOT_A_CLIENT: 409,
  NOT_BONDED: 409,
  MEMPOOL_CONFLICT: 409,
  MEMPOOL_KNOWN: 409,
  BODY_TOO_LARGE: 413,
  CHATS_TOO_MANY: 429,
  PASSWORD_THROTTLED: 429,
  UNSUPPORTED_MEDIA_TYPE: 415,
  CANCELLED: 499,
  STAGE_FAILED: 502,
  FRAME_INVALID: 502,
  RECEIPT_INVALID: 502,
  CONTINUITY_BROKEN: 502,
  REMOTE_ERROR: 502,
  STREAM_CLOSED: 502,
  FAUCET_EMPTY: 503,
  MEMPOOL_FULL: 503,
  POOL_BUSY: 503,
  VERIFIER_BUSY: 503,
  BLOCKS_MISSING: 503,
  BLOCKS_NOT_SERVED: 503,
  STAGE_BUSY: 503,
  STAGE_STOPPING: 503,
};

/** Fastify's own errors, in our words. */
const FASTIFY_ERRORS: Readonly<Record<string, [code: string, message: string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['BODY_TOO_LARGE', 'the body of a request may have 1 MiB at most'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    'UNSUPPORTED_MEDIA_TYPE',
    'send the body as JSON, with the header "Content-Type: application/json"',
  ],
};

const TYPE_OF_STATUS: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
};

export const statusOf = (code: string): number => STATUS[code] ?? 500;

function typeOf(status: number): string {
  return TYPE_OF_STATUS[status] ?? (status < 500 ? 'invalid_request_error' : 'server_error');
}

/** What a client may know of an error: coded ones as they are, anything else without its inside. */
export function errorBody(error: unknown): ErrorBody {
  const known = error instanceof BitorchError;
  const code = known ? error.code : 'INTERNAL';
  const message = known ? error.message : 'the node failed to handle this request; its log says why';
  const param = known && typeof error.details.param === 'string' ? error.details.param : null;
  return { error: { message, type: typeOf(statusOf(code)), code, param } };
}

export const notFound = (what: string): BitorchError =>
  new BitorchError('NOT_FOUND', `there is no ${what} here`);

/** Checks a part of a request; what is wrong with it is named by its field. */
export const validatorCompiler = ({ schema }: { schema: z.ZodType }) => {
  return (value: unknown): { value: unknown } | { error: BitorchError } => {
    const result = parse(schema, value);
    if ('data' in result) return { value: result.data };
    const message = describeProblem(result.wrong, 'the request');
    return { error: new BitorchError('INVALID_REQUEST', message, { param: result.wrong.path || null }) };
  };
};

/** Turns what Fastify says about a bad request into one of our errors. */
function translate(error: FastifyError): unknown {
  const known = FASTIFY_ERRORS[error.code];
  if (known) return new BitorchError(...known);
  const clientFault = error.statusCode !== undefined && error.statusCode < 500;
  return clientFault ? new BitorchError('INVALID_REQUEST', error.message) : error;
}

/** One place where errors become responses. */
export function handleErrors(app: FastifyInstance, log: Logger): void {
  app.setErrorHandler((thrown: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
    const error = thrown instanceof BitorchError ? thrown : translate(thrown);
    const status = statusOf(codeOf(error));
    if (status >= 500 && !request.socket.destroyed)
      log.warn({ url: request.url, code: codeOf(error), reason: messageOf(error) }, 'request failed');
    if (status === 401) void reply.header('www-authenticate', 'Bearer realm="bitorch"');
    return reply.code(status).send(errorBody(error));
  });
  app.setNotFoundHandler((request) => {
    throw notFound(`${request.method} ${request.url.split('?')[0]}`);
  });
}
