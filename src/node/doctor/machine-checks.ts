import type { CheckView } from '../api/doctor.ts';
import type { Machine } from './machine.ts';

/** Below it, neither a small model nor the chain of a few weeks has room, in bytes. */
const LOW_DISK_BYTES = 2e9;

/** The checks of the machine. `needsSandbox`: whether the node runs models of strangers to examine them. */
export const machineChecks = (machine: Machine, needsSandbox: boolean): CheckView[] => [
  diskCheck(machine),
  engineCheck(machine),
  sandboxCheck(machine, needsSandbox),
];

function diskCheck({ freeBytes }: Machine): CheckView {
  const name = 'disk';
  if (freeBytes === undefined)
    return {
      ...{ name, state: 'problem', text: 'the data directory cannot be read' },
      fix: 'create it, or choose another with --home',
    };
  const text = `${(freeBytes / 1e9).toFixed(1)} GB free for the data directory`;
  if (freeBytes >= LOW_DISK_BYTES) return { name, state: 'ok', text };
  const fix = `free at least ${LOW_DISK_BYTES / 1e9} GB, or move the data directory with --home`;
  return { name, state: 'problem', text, fix };
}

function engineCheck({ engineProblem }: Machine): CheckView {
  const name = 'engine';
  if (engineProblem === undefined)
    return { name, state: 'ok', text: 'computes the same bits as the network' };
  const fix = 'update Node.js, and report the processor if that does not help';
  return { name, state: 'problem', text: engineProblem, fix };
}

function sandboxCheck({ sandbox }: Machine, needsSandbox: boolean): CheckView {
  const name = 'sandbox';
  if (sandbox.available)
    return { name, state: 'ok', text: `available, memory is limited by ${sandbox.memoryBy}` };
  if (!needsSandbox)
    return {
      name,
      state: 'note',
      text: `not available, and not needed for the roles here: ${sandbox.reason}`,
    };
  const fix = 'install what is missing and start the node again, or leave out the role "security"';
  return { name, state: 'problem', text: sandbox.reason, fix };
}
