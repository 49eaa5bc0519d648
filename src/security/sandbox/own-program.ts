import { fileURLToPath } from 'node:url';
import type { SandboxCommand } from './options.ts';

/** The program's sources and packages. */
const PARTS = ['../../../src', '../../../node_modules', '../../../package.json'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

/** Returns the command that runs one of this program's modules in the sandbox, and the paths that it needs to read. */
export function ownProgram(module: URL): Pick<SandboxCommand, 'command' | 'readOnly'> {
  const node = process.execPath;
  return {
    command: [node, fileURLToPath(module)],
    readOnly: [...PARTS, node].map((path) => ({ path })),
  };
}
