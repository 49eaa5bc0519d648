import { join, resolve } from 'node:path';
import envPaths from 'env-paths';

/** `$BITORCH_HOME`, or the platform's folder for application data. */
export function dataDirectory(): string {
  const home = process.env.BITORCH_HOME;
  return home ? resolve(home) : envPaths('bitorch', { suffix: '' }).data;
}

/** Cache of compiled code between starts; safe to delete at any time. */
export function codeCacheDirectory(): string {
  const home = process.env.BITORCH_HOME;
  return home ? resolve(home, 'code-cache') : join(envPaths('bitorch', { suffix: '' }).cache, 'code');
}
