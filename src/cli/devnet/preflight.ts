import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { BitorchError } from '#base';
import { demandFreePort } from '../free-port.ts';

/** Matches sources that are not local paths. */
const FETCHED = /^(hf|pip):|^default$/;

/** Checks up front what would otherwise fail after a minute of work. Throws MODEL_NOT_FOUND or PORT_IN_USE. */
export async function preflight({ model, port }: { model: string; port: number }): Promise<void> {
  if (!FETCHED.test(model) && !existsSync(model))
    throw new BitorchError('MODEL_NOT_FOUND', `${resolve(model)} does not exist`, { path: model });
  await demandFreePort(port);
}
