import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  BitorchError,
  codeOf,
  describeProblem,
  type ErrorCode,
  type ErrorTable,
  type Logger,
  messageOf,
  parse,
  type z,
} from '#base';
import type { ErrorBody } from '#node';
import { NODE_ERROR_TABLE } from '#node/errors';

/** Error codes of the server: HTTP status, meaning, and exit code where it is not 1. */
export const SERVER_ERRORS = {
  BODY_TOO_LARGE: [413, 'the body of a request is too large'],
  CANCELLED: [499, 'an answer or an action was cancelled'],
  CHATS_TOO_MANY: [429, 'a token has reached its limit of chats in progress'],
  FORBIDDEN_HOST: [403, 'a request was sent to a host name that the node does not answer to'],
  FORBIDDEN_SCOPE: [403, 'the API token may not do this'],
  INTERNAL: [500, "an error without a code: the node's log says why"],
  INVALID_REQUEST: [400, 'a field of a request is invalid; `param` names it'],
  NOT_FOUND: [404, 'there is nothing at this path'],
  PORT_IN_USE: [409, 'the port of the page and the API is taken'],
  UNAUTHORIZED: [401, 'the API token is missing or wrong'],
  UNSUPPORTED_MEDIA_TYPE: [415, 'the body of a request is not JSON'],
  WEB_NOT_BUILT: [500, 'the page is not built yet'],
} as const satisfies ErrorTable;

declare module '../base/errors.ts' {
  interface ErrorTables {
    server: typeof SERVER_ERRORS;
  }
}

/** Codes and messages for Fastify's own errors. */
const FASTIFY_ERRORS: Readonly<Record<string, [code: ErrorCode, message: string]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['BODY_TOO_LARGE', 'the request body exceeds 1 MiB'],
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

const TABLE: ErrorTable = { ...NODE_ERROR_TABLE, ...SERVER_ERRORS };

/** HTTP status of an error code: docs/errors.md. 500 for codes that are in no table. */
export const statusOf = (code: string): number => TABLE[code]?.[0] ?? 500;

function typeOf(status: number): string {
  return TYPE_OF_STATUS[status] ?? (status < 500 ? 'invalid_request_error' : 'server_error');
}

/** The response for an error: known codes with their message, anything else without internal details. */
export function errorBody(error: unknown): ErrorBody {
  const known = error instanceof BitorchError;
  const code = known ? error.code : 'INTERNAL';
  const message = known ? error.message : 'the node failed to handle this request; its log says why';
  const param = known && typeof error.details.param === 'string' ? error.details.param : null;
  return { error: { message, type: typeOf(statusOf(code)), code, param } };
}

export const notFound = (what: string): BitorchError =>
  new BitorchError('NOT_FOUND', `there is no ${what} here`);

/** Validates part of a request; the error names the invalid field. */
export const validatorCompiler = ({ schema }: { schema: z.ZodType }) => {
  return (value: unknown): { value: unknown } | { error: BitorchError } => {
    const result = parse(schema, value);
    if ('data' in result) return { value: result.data };
    const message = describeProblem(result.wrong, 'the request');
    return { error: new BitorchError('INVALID_REQUEST', message, { param: result.wrong.path || null }) };
  };
};

/** Converts Fastify's errors about bad requests to BitorchError. */
function translate(error: FastifyError): unknown {
  const known = FASTIFY_ERRORS[error.code];
  if (known) return new BitorchError(...known);
  const clientFault = error.statusCode !== undefined && error.statusCode < 500;
  return clientFault ? new BitorchError('INVALID_REQUEST', error.message) : error;
}

/** Installs the error handler, the only place where errors become responses. */
export function handleErrors(app: FastifyInstance, log: Logger): void {
  app.setErrorHandler((thrown: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
    const error = thrown instanceof BitorchError ? thrown : translate(thrown);
    const status = statusOf(codeOf(error));
    if (status >= 500 && !request.socket.destroyed)
      log.warn({ url: request.url, code: codeOf(error), reason: messageOf(error) }, 'request failed');
    if (error instanceof BitorchError && typeof error.details.retryAfterS === 'number')
      void reply.header('retry-after', error.details.retryAfterS);
    if (status === 401) void reply.header('www-authenticate', 'Bearer realm="bitorch"');
    return reply.code(status).send(errorBody(error));
  });
  app.setNotFoundHandler((request) => {
    throw notFound(`${request.method} ${request.url.split('?')[0]}`);
  });
}
