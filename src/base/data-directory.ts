import { resolve } from 'node:path';
import envPaths from 'env-paths';

/** `$BITORCH_HOME`, or the platform's place for application data. */
export function dataDirectory(): string {
  const home = process.env.BITORCH_HOME;
  return home ? resolve(home) : envPaths('bitorch', { suffix: '' }).data;
}
