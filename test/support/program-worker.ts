/** Runs commands of the program one after the other in one thread, which loads the program's modules once. */
import { parentPort } from 'node:worker_threads';
import { exitCodeOf, printError } from '../../src/cli/exit.ts';
import { runProgram } from '../../src/cli/program.ts';
import type { Command, Ended } from './program.ts';

const own = { ...process.env };
let stdout = '';
let stderr = '';
process.stdout.write = (text: string | Uint8Array) => {
  stdout += text;
  return true;
};
process.stderr.write = (text: string | Uint8Array) => {
  stderr += text;
  return true;
};

parentPort!.on('message', async ({ args, env }: Command) => {
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, own, env);
  [stdout, stderr, process.exitCode] = ['', '', 0];
  try {
    await runProgram(['node', 'bitorch', ...args]);
  } catch (error) {
    printError(error);
    process.exitCode = exitCodeOf(error);
  }
  const ended: Ended = { status: Number(process.exitCode), stdout, stderr };
  process.exitCode = 0;
  parentPort!.postMessage(ended);
});
