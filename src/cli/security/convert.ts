import { dataDirectory, type Options, type OptionValues, z } from '#base';
import { commandOf } from '../flags.ts';
import { formatBytes, ProgressBoard } from '../progress.ts';

const OPTIONS = {
  force: { schema: z.boolean().default(false), help: 'overwrite an existing output file' },
  sandbox: {
    schema: z.boolean().default(true),
    help: 'convert without the sandbox, on systems that have none',
  },
} satisfies Options;

/** `bitorch convert`: converts a PyTorch checkpoint to safetensors without executing it. */
export const convertCommand = commandOf(
  'convert',
  'convert a PyTorch checkpoint (.pt, .pth, .bin, .ckpt) to safetensors without executing it',
  OPTIONS,
)
  .argument('<checkpoint>')
  .argument('[output]', 'the .safetensors file; default: next to the checkpoint')
  .action(async (input: string, given: string | undefined, flags: OptionValues<typeof OPTIONS>) => {
    const { convertFile, currentRuleset } = await import('#security');
    const output = given ?? `${input.replace(/\.(pt|pth|bin|ckpt|pkl)$/i, '')}.safetensors`;
    const ruleset = await currentRuleset(dataDirectory());
    const board = process.stderr.isTTY ? new ProgressBoard(process.stderr) : undefined;
    const done = await convertFile({
      input,
      output,
      force: flags.force,
      sandbox: flags.sandbox,
      ruleset,
      ...(board && { onProgress: (progress) => board.update('convert', progress) }),
    }).finally(() => board?.close());
    const where = flags.sandbox ? '' : ', converted without the sandbox';
    process.stdout.write(`${output}: ${done.tensors} tensors, ${formatBytes(done.bytes)}${where}\n`);
  });
