import { Command } from 'commander';
import { dataDirectory } from '#base';
import { formatBytes, ProgressBoard } from '../progress.ts';

/** `bitorch convert`: converts a PyTorch checkpoint to safetensors without executing it. */
export const convertCommand = new Command('convert')
  .description('convert a PyTorch checkpoint (.pt, .pth, .bin, .ckpt) to safetensors without executing it')
  .argument('<checkpoint>')
  .argument('[output]', 'the .safetensors file; default: next to the checkpoint')
  .option('--force', 'overwrite an existing output file')
  .option('--no-sandbox', 'convert without the sandbox, on systems that have none')
  .action(async (input: string, given: string | undefined, flags: { force?: boolean; sandbox: boolean }) => {
    const { convertFile, currentRuleset } = await import('#security');
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
    const where = flags.sandbox ? '' : ', converted without the sandbox';
    process.stdout.write(`${output}: ${done.tensors} tensors, ${formatBytes(done.bytes)}${where}\n`);
  });
