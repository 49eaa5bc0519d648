/** A request that the node refused or could not complete; `code` as in docs/api.md. */
export class ApiError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Sends GET without a body, POST with one, or `method`. Undefined when the node answers without content. Throws ApiError, with
 * code OFFLINE when the node does not answer.
 */
export async function call<Answer>(path: string, body?: unknown, method?: string): Promise<Answer> {
  const request: RequestInit = {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    ...(body !== undefined && {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  };
  const response = await fetch(path, request).catch(() => {
    throw new ApiError('OFFLINE', 'Your node does not answer. Is it still running?');
  });
  if (response.status === 204) return undefined as Answer;
  if (response.ok) return (await response.json()) as Answer;
  throw await refusal(response);
}

/** Reads the error from a response whose status is not 2xx. */
export async function refusal(response: Response): Promise<ApiError> {
  try {
    const { error } = (await response.json()) as { error: { code: string; message: string } };
    return new ApiError(error.code, error.message);
  } catch {
    return new ApiError('INTERNAL', `Your node answered with status ${response.status}.`);
  }
}
