export { candidates, type GroupHome, groupHome } from './control-group.ts';
export {
  DEFAULT_LIMITS,
  type Ending,
  type Limits,
  type SandboxCommand,
  type SandboxOutcome,
  type Usage,
} from './options.ts';
export { ownProgram } from './own-program.ts';
export { type Availability, runInSandbox, sandboxAvailability } from './sandbox.ts';
