import { main } from 'assemblyscript/asc';
import { BitorchError } from '../src/base/errors.ts';

/** Compiles AssemblyScript in memory; `sources` by file name. The same sources give the same bytes. */
export async function compileAssemblyScript(
  options: string[],
  sources: ReadonlyMap<string, string>,
): Promise<Uint8Array> {
  let output: Uint8Array | undefined;
  const { error, stderr } = await main(options, {
    readFile: (name) => sources.get(name) ?? null,
    writeFile: (_, contents) => {
      if (typeof contents !== 'string') output = contents;
    },
    listFiles: () => [],
  });
  if (error !== null || output === undefined) {
    throw new BitorchError(
      'KERNELS_INVALID',
      `the kernels do not compile:\n${stderr.toString().slice(0, 4000)}`,
    );
  }
  return output;
}
