import { writeFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { dataDirectory } from '#base';
import { printError } from '../exit.ts';
import { ProgressBoard } from '../progress.ts';
import { jsonReport } from './json-report.ts';
import { sarifReport } from './sarif.ts';
import { textReport } from './text-report.ts';

/** CI reads these: clean, something was found, nothing can be said. */
const EXIT = { clean: 0, refused: 1, failed: 2 } as const;
const FORMATS = { text: textReport, json: jsonReport, sarif: sarifReport };

interface Flags {
  format: keyof typeof FORMATS;
  output?: string;
  ruleset?: string;
  rulesetKey?: string;
  home?: string;
  hub?: string;
  quiet?: boolean;
}

/** `bitorch scan`: judges files and folders; needs no node and no network. */
export const scanCommand = new Command('scan')
  .description('check a model for what could do harm: a file, a folder, or hf:owner/name')
  .argument('<target...>', 'files, folders, hf:owner/name')
  .addOption(
    new Option('--format <format>', 'how the report is written')
      .choices(Object.keys(FORMATS))
      .default('text'),
  )
  .option('--output <file>', 'write the report into a file instead of to the terminal')
  .option('--ruleset <file>', 'a signed ruleset, or a .json of your own, instead of the current one')
  .option('--ruleset-key <hex>', 'public key of whoever signed the ruleset')
  .option('--quiet', 'no progress')
  .addOption(new Option('--home <folder>', 'data directory').env('BITORCH_HOME'))
  .addOption(new Option('--hub <url>', 'another Hugging Face Hub than the public one').env('HF_ENDPOINT'))
  .addHelpText('after', '\nExit codes: 0 clean, 1 something was found, 2 could not scan.')
  .action(async (targets: string[], flags: Flags) => {
    try {
      process.exitCode = await scanAll(targets, flags);
    } catch (error) {
      printError(error);
      process.exitCode = EXIT.failed;
    }
  });

async function scanAll(targets: readonly string[], flags: Flags): Promise<number> {
  const { currentRuleset, loadRuleset, scanTarget } = await import('#node/scanning');
  const home = flags.home ?? dataDirectory();
  const ruleset = flags.ruleset
    ? await loadRuleset(flags.ruleset, flags.rulesetKey)
    : await currentRuleset(home);
  const board = process.stderr.isTTY && !flags.quiet ? new ProgressBoard(process.stderr) : undefined;
  const scans = [];
  for (const target of targets) {
    const { report, passedOver, unread } = await scanTarget(target, ruleset, {
      home,
      ...(flags.hub && { hubUrl: flags.hub }),
      ...(board && { onProgress: (progress) => board.update(target.slice(-24), progress) }),
    });
    scans.push({ target, report, passedOver, unread });
  }
  board?.close();
  const written = await FORMATS[flags.format](scans, ruleset);
  if (flags.output) await writeFile(flags.output, written);
  else process.stdout.write(written);
  if (scans.some(({ report }) => report.verdict === 'refused')) return EXIT.refused;
  return scans.some(({ unread }) => unread.length > 0) ? EXIT.failed : EXIT.clean;
}
