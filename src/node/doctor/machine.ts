import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, messageOf } from '#base';
import { selfCheck } from '#execution';
import { type Availability, sandboxAvailability } from '#security';

/** What the machine offers, with or without a running node. */
export interface Machine {
  /** Free space where the data directory is, in bytes; undefined when it cannot be read. */
  readonly freeBytes: number | undefined;
  /** How the engine's arithmetic differs from the network's; undefined when it does not. */
  readonly engineProblem: string | undefined;
  readonly sandbox: Availability;
}

/** Examines the machine. The engine and the sandbox are tested once per process. */
export async function examineMachine(home: string): Promise<Machine> {
  const [freeBytes, engineProblem, sandbox] = await Promise.all([
    freeSpace(home),
    selfCheck().then(() => undefined, messageOf),
    sandboxAvailability(),
  ]);
  return { freeBytes, engineProblem, sandbox };
}

/** Free space where the data directory is or, before the first start, will be. */
async function freeSpace(home: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(home);
    return bavail * bsize;
  } catch (error) {
    const parent = dirname(home);
    return codeOf(error) === 'ENOENT' && parent !== home ? freeSpace(parent) : undefined;
  }
}
