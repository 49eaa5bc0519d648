import type { ErrorTable } from '#base';

/** The codes of the scripts. */
export const SCRIPT_ERRORS = {
  BASE_IMAGE_MISSING: [500, 'there is no image to build on'],
  COMMAND_FAILED: [500, 'a command ended with an error'],
  ENGINE_MISSING: [500, 'no container engine answers'],
  KERNELS_INVALID: [500, 'the kernels do not compile'],
  PACKAGE_CHANGED: [500, 'a package of the registry is not the one that was pinned'],
  TIMEOUT: [500, 'something took too long'],
} as const satisfies ErrorTable;

declare module '../src/base/errors.ts' {
  interface ErrorTables {
    scripts: typeof SCRIPT_ERRORS;
  }
}
