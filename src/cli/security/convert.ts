import { access, open, rename, rm } from 'node:fs/promises';
import { Command } from 'commander';
import { BitorchError, dataDirectory } from '#base';
import { formatBytes, ProgressBoard } from '../progress.ts';

/** `bitorch convert`: a PyTorch checkpoint becomes safetensors; none of it is run. */
export const convertCommand = new Command('convert')
  .description('turn a PyTorch checkpoint (.pt, .pth, .bin, .ckpt) into safetensors without running it')
  .argument('<checkpoint>')
  .argument('[output]', 'the .safetensors file; beside the checkpoint when absent')
  .option('--force', 'replace the output if it is there')
  .action(async (input: string, given: string | undefined, { force }: { force?: boolean }) => {
    const { convertCheckpoint, currentRuleset, openFiles } = await import('#node/scanning');
    const output = given ?? `${input.replace(/\.(pt|pth|bin|ckpt|pkl)$/i, '')}.safetensors`;
    const partial = `${output}.partial`;
    const ruleset = await currentRuleset(dataDirectory());
    const opened = await openFiles(input);
    const [file] = opened.files;
    if (opened.files.length !== 1 || !file) throw new BitorchError('OPTION_INVALID', 'give one checkpoint');
    if (!force && (await exists(output))) {
      throw new BitorchError('OPTION_INVALID', `${output} is there already: --force replaces it`);
    }
    const board = process.stderr.isTTY ? new ProgressBoard(process.stderr) : undefined;
    try {
      const out = await open(partial, 'w');
      try {
        const onProgress =
          board && ((progress: Parameters<ProgressBoard['update']>[1]) => board.update('convert', progress));
        const options = onProgress ? { onProgress } : {};
        const done = await convertCheckpoint(file.source, ruleset, (bytes) => out.writeFile(bytes), options);
        await out.sync();
        board?.close();
        process.stdout.write(`${output}: ${done.tensors} tensors, ${formatBytes(done.bytes)}\n`);
      } finally {
        await out.close();
      }
      await rename(partial, output);
    } finally {
      await rm(partial, { force: true });
      await opened.close();
    }
  });

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
