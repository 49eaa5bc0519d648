import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { BitorchError, codeOf } from '#base';

/** A source that is not a path on this machine. */
const FETCHED = /^(hf|pip):|^default$/;

/** Finds what would end a start only after a minute of work. Throws MODEL_NOT_FOUND, PORT_IN_USE. */
export async function preflight({ model, port }: { model: string; port: number }): Promise<void> {
  if (!FETCHED.test(model) && !existsSync(model))
    throw new BitorchError('MODEL_NOT_FOUND', `${resolve(model)} does not exist`, { path: model });
  if (port === 0) return;
  const probe = createServer().listen(port, '127.0.0.1');
  try {
    await once(probe, 'listening');
  } catch (error) {
    if (codeOf(error) !== 'EADDRINUSE') throw error;
    throw new BitorchError('PORT_IN_USE', `port ${port} is taken: choose another with --port`, { port });
  } finally {
    probe.close();
  }
}
