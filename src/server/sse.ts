import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';

/** A signal that aborts when the client disconnects or the server stops. */
export function clientSignal(reply: FastifyReply, serverSignal: AbortSignal): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  return AbortSignal.any([gone.signal, serverSignal]);
}

/** Sends strings that are already Server-Sent Events (WHATWG HTML §9.2), with backpressure. */
export function sendEvents(reply: FastifyReply, events: AsyncIterable<string>): FastifyReply {
  return reply
    .header('content-type', 'text/event-stream; charset=utf-8')
    .header('cache-control', 'no-store')
    .header('x-accel-buffering', 'no')
    .send(Readable.from(events, { objectMode: false }));
}

export const sseData = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;

export const SSE_HEARTBEAT = ':\n\n';

/** Yields the items of the source, and a heartbeat whenever it was idle for `intervalMs`. */
export async function* withHeartbeat(
  source: AsyncIterable<string>,
  intervalMs: number,
): AsyncGenerator<string> {
  const iterator = source[Symbol.asyncIterator]();
  try {
    let next = iterator.next();
    for (;;) {
      const silence = timeout(intervalMs);
      const result = await Promise.race([next, silence.over]).finally(silence.clear);
      if (result === undefined) {
        yield SSE_HEARTBEAT;
        continue;
      }
      if (result.done) return;
      yield result.value;
      next = iterator.next();
    }
  } finally {
    await iterator.return?.();
  }
}

function timeout(ms: number): { over: Promise<undefined>; clear: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  return { over, clear: () => clearTimeout(timer) };
}
