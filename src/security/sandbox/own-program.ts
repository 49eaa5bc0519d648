import { fileURLToPath } from 'node:url';
import type { SandboxCommand } from './options.ts';

/** Our sources and packages. */
const PARTS = ['../../../src', '../../../node_modules', '../../../package.json'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

/** The command that runs a module of ours in the sandbox, and what it needs to see for that. */
export function ownProgram(module: URL): Pick<SandboxCommand, 'command' | 'readOnly'> {
  const node = process.execPath;
  return {
    command: [node, fileURLToPath(module)],
    readOnly: [...PARTS, node].map((path) => ({ path })),
  };
}
