import { writeFile } from 'node:fs/promises';
import { type Options, type OptionValues, z } from '#base';
import { NODE_OPTIONS } from '#node/options';
import type { Ruleset, Severity } from '#security';
import { HOME, zFile } from '../common-options.ts';
import { printError } from '../exit.ts';
import { DeclaredCommand } from '../flags.ts';
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

const OPTIONS = {
  format: {
    schema: z.enum(['text', 'json', 'sarif']).default('text'),
    value: 'format',
    help: 'report format',
  },
  output: {
    schema: zFile.optional(),
    value: 'file',
    help: 'write the report to a file instead of the terminal',
  },
  exclude: {
    schema: z.array(z.string()).default([]),
    value: 'pattern',
    help: 'skip matching files, such as "*.bin" or "old/**" (repeatable)',
    repeat: true,
  },
  failOn: {
    schema: z.enum(['low', 'medium', 'high', 'critical']).default('medium'),
    value: 'severity',
    help: 'lowest severity that makes the exit code 1',
  },
  name: {
    schema: z.string().min(1).optional(),
    value: 'name',
    help: 'file name for standard input; its extension is the expected format',
  },
  ruleset: {
    schema: zFile.optional(),
    value: 'file',
    help: 'a signed ruleset, or your own .json file, instead of the installed one',
  },
  rulesetKey: {
    schema: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .optional(),
    value: 'hex',
    help: "public key of the ruleset's signer",
  },
  quiet: { schema: z.boolean().default(false), help: 'no progress' },
  home: HOME,
  hub: NODE_OPTIONS.hub,
} satisfies Options;

type Flags = OptionValues<typeof OPTIONS>;

/** `bitorch scan`: scans files and folders; needs no node and no network. */
export const scanCommand = new DeclaredCommand(
  'scan',
  'scan a model for malicious content: a file, a folder, hf:owner/name, or - for standard input',
  { groups: [{ title: 'Options', options: OPTIONS }] },
);

scanCommand
  .argument('<target...>', 'files, folders, patterns, hf:owner/name, -')
  .addHelpText('after', '\nExit codes: 0 clean, 1 findings, 2 not scanned or only in part.')
  .action(async (targets: string[]) => {
    try {
      process.exitCode = await scanAll(targets, scanCommand.values(OPTIONS));
    } catch (error) {
      printError(error);
      process.exitCode = EXIT.failed;
    }
  });

async function scanAll(words: readonly string[], flags: Flags): Promise<number> {
  const { currentRuleset, loadRuleset } = await import('#security');
  const ruleset = flags.ruleset
    ? await loadRuleset(flags.ruleset, flags.rulesetKey)
    : await currentRuleset(flags.home);
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
      home: flags.home,
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
