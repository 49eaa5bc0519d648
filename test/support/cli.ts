import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** Runs the program to its end. `stopAfter`: sends Ctrl-C's signal once the output matches. */
export function bitorch(args: string[], options: { env?: NodeJS.ProcessEnv; stopAfter?: RegExp } = {}) {
  const child = spawn(process.execPath, [MAIN, ...args], { env: { ...process.env, ...options.env } });
  let output = '';
  const hear = (chunk: Buffer) => {
    output += chunk;
    if (options.stopAfter?.test(output)) {
      delete options.stopAfter;
      child.kill('SIGINT');
    }
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  return new Promise<{ code: number | null; output: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, output }));
  });
}
