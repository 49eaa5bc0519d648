import { join } from 'node:path';
import { codeOf, parse, parseJson, readTextFile, writeFileAtomic, z } from '#base';
import { SETUP_STEPS, zMeasured } from '../api/setup.ts';

/** `setup.json` in the data directory: what was done of the setup, and the last measurement. */
const zSetupFile = z.strictObject({
  version: z.literal(1),
  steps: z.partialRecord(z.enum(SETUP_STEPS), z.enum(['done', 'skipped'])),
  measured: zMeasured.optional(),
});
export type SetupFile = z.infer<typeof zSetupFile>;

const pathIn = (home: string): string => join(home, 'setup.json');

/** The recorded setup; a new one when there is none, or when it cannot be read, since repeating a setup does no harm. */
export async function readSetup(home: string): Promise<SetupFile> {
  try {
    const result = parse(zSetupFile, parseJson(await readTextFile(pathIn(home))));
    if ('data' in result) return result.data;
  } catch (error) {
    if (!['ENOENT', 'JSON_INVALID'].includes(codeOf(error))) throw error;
  }
  return { version: 1, steps: {} };
}

/** Throws DISK_FULL. */
export const writeSetup = (home: string, setup: SetupFile): Promise<void> =>
  writeFileAtomic(pathIn(home), `${JSON.stringify(setup, null, 2)}\n`, 0o600);
