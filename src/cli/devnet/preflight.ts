import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { BitorchError } from '#base';
import { demandFreePort } from '../free-port.ts';

/** A source that is not a path on this machine. */
const FETCHED = /^(hf|pip):|^default$/;

/** Finds what would end a start only after a minute of work. Throws MODEL_NOT_FOUND, PORT_IN_USE. */
export async function preflight({ model, port }: { model: string; port: number }): Promise<void> {
  if (!FETCHED.test(model) && !existsSync(model))
    throw new BitorchError('MODEL_NOT_FOUND', `${resolve(model)} does not exist`, { path: model });
  await demandFreePort(port);
}
