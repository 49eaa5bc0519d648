import { writeFile } from 'node:fs/promises';
import { Command, Option } from 'commander';
import { dataDirectory } from '#base';
import type { Ruleset, Severity } from '#security';
import { printError } from '../exit.ts';
import { ProgressBoard } from '../progress.ts';
import { jsonReport } from './json-report.ts';
import { sarifReport } from './sarif.ts';
import type { Scan } from './scans.ts';
import { textReport } from './text-report.ts';

/** Exit codes for CI: clean, findings, or not (fully) scanned. */
const EXIT = { clean: 0, refused: 1, failed: 2 } as const;
const FORMATS = { text: textReport, json: jsonReport, sarif: sarifReport };
/** Severities in ascending order. */
const SEVERITIES: readonly Severity[] = ['low', 'medium', 'high', 'critical'];

interface Flags {
  format: keyof typeof FORMATS;
  output?: string;
  exclude: string[];
  failOn: Severity;
  name?: string;
  ruleset?: string;
  rulesetKey?: string;
  home?: string;
  hub?: string;
  quiet?: boolean;
}

/** `bitorch scan`: scans files and folders; needs no node and no network. */
export const scanCommand = new Command('scan')
  .description('scan a model for malicious content: a file, a folder, hf:owner/name, or - for standard input')
  .argument('<target...>', 'files, folders, patterns, hf:owner/name, -')
  .addOption(new Option('--format <format>', 'report format').choices(Object.keys(FORMATS)).default('text'))
  .option('--output <file>', 'write the report to a file instead of the terminal')
  .option('--exclude <pattern>', 'skip matching files, such as "*.bin" or "old/**" (repeatable)', add, [])
  .addOption(
    new Option('--fail-on <severity>', 'lowest severity that makes the exit code 1')
      .choices(SEVERITIES)
      .default('medium'),
  )
  .option('--name <name>', 'file name for standard input; its extension is the expected format')
  .option('--ruleset <file>', 'a signed ruleset, or your own .json file, instead of the installed one')
  .option('--ruleset-key <hex>', "public key of the ruleset's signer")
  .option('--quiet', 'no progress')
  .addOption(new Option('--home <folder>', 'data directory').env('BITORCH_HOME'))
  .addOption(
    new Option('--hub <url>', 'Hugging Face Hub to use instead of the public one').env('HF_ENDPOINT'),
  )
  .addHelpText('after', '\nExit codes: 0 clean, 1 findings, 2 not scanned or only in part.')
  // Exit code 1 is reserved for findings.
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? EXIT.clean : EXIT.failed))
  .action(async (targets: string[], flags: Flags) => {
    try {
      process.exitCode = await scanAll(targets, flags);
    } catch (error) {
      printError(error);
      process.exitCode = EXIT.failed;
    }
  });

function add(pattern: string, patterns: string[]): string[] {
  return [...patterns, pattern];
}

async function scanAll(words: readonly string[], flags: Flags): Promise<number> {
  const { currentRuleset, loadRuleset } = await import('#security');
  const ruleset = flags.ruleset
    ? await loadRuleset(flags.ruleset, flags.rulesetKey)
    : await currentRuleset(flags.home ?? dataDirectory());
  const { scans, failed } = await scanEach(words, ruleset, flags);
  if (scans.length > 0) {
    const written = await FORMATS[flags.format](scans, ruleset);
    if (flags.output) await writeFile(flags.output, written);
    else process.stdout.write(written);
  }
  if (scans.some((scan) => fails(scan, flags.failOn))) return EXIT.refused;
  return failed || scans.some(({ unread }) => unread.length > 0) ? EXIT.failed : EXIT.clean;
}

/** Scans all targets. A target that cannot be scanned is reported; the others are still scanned. */
async function scanEach(
  words: readonly string[],
  ruleset: Ruleset,
  flags: Flags,
): Promise<{ scans: Scan[]; failed: boolean }> {
  const { expandTarget } = await import('./targets.ts');
  const { scanTarget } = await import('./scan-target.ts');
  const board = process.stderr.isTTY && !flags.quiet ? new ProgressBoard(process.stderr) : undefined;
  const scans: Scan[] = [];
  const failures: unknown[] = [];
  const attempt = (work: () => Promise<void>) => work().catch((error) => failures.push(error));
  const scanOne = async (target: string): Promise<void> => {
    const found = await scanTarget(target, ruleset, {
      home: flags.home ?? dataDirectory(),
      exclude: flags.exclude,
      ...(flags.name !== undefined && { stdinName: flags.name }),
      ...(flags.hub && { hubUrl: flags.hub }),
      ...(board && { onProgress: (progress) => board.update(target.slice(-24), progress) }),
    });
    scans.push({ target, ...found });
  };
  for (const word of words) {
    await attempt(async () => {
      for (const target of await expandTarget(word)) await attempt(() => scanOne(target));
    });
  }
  board?.close();
  failures.forEach(printError);
  return { scans, failed: failures.length > 0 };
}

const fails = ({ report }: Scan, failOn: Severity): boolean =>
  report.files.some(({ findings }) =>
    findings.some(({ severity }) => SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(failOn)),
  );
