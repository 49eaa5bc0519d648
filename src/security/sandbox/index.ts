export { candidates, type GroupHome, groupHome } from './control-group.ts';
export type { Ending, Limits, SandboxOutcome, Usage } from './options.ts';
export { ownProgram } from './own-program.ts';
export { type Availability, runInSandbox, sandboxAvailability } from './sandbox.ts';
