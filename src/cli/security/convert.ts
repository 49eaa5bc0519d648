import { Command } from 'commander';
import { dataDirectory } from '#base';
import { formatBytes, ProgressBoard } from '../progress.ts';

/** `bitorch convert`: a PyTorch checkpoint becomes safetensors; none of it is run. */
export const convertCommand = new Command('convert')
  .description('turn a PyTorch checkpoint (.pt, .pth, .bin, .ckpt) into safetensors without running it')
  .argument('<checkpoint>')
  .argument('[output]', 'the .safetensors file; beside the checkpoint when absent')
  .option('--force', 'replace the output if it is there')
  .option('--no-sandbox', 'read it outside of the sandbox, where there is none')
  .action(async (input: string, given: string | undefined, flags: { force?: boolean; sandbox: boolean }) => {
    const { convertFile, currentRuleset } = await import('#node/scanning');
    const output = given ?? `${input.replace(/\.(pt|pth|bin|ckpt|pkl)$/i, '')}.safetensors`;
    const ruleset = await currentRuleset(dataDirectory());
    const board = process.stderr.isTTY ? new ProgressBoard(process.stderr) : undefined;
    const done = await convertFile({
      input,
      output,
      force: flags.force ?? false,
      sandbox: flags.sandbox,
      ruleset,
      ...(board && { onProgress: (progress) => board.update('convert', progress) }),
    }).finally(() => board?.close());
    const where = flags.sandbox ? '' : ', read outside of the sandbox';
    process.stdout.write(`${output}: ${done.tensors} tensors, ${formatBytes(done.bytes)}${where}\n`);
  });
