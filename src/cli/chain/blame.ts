import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Options, type OptionValues, toHex } from '#base';
import type { ForkVerdict } from '#consensus';
import { HOME, JSON_OUTPUT } from '../common-options.ts';
import { commandOf } from '../flags.ts';
import { print, printJson } from './api.ts';

const OPTIONS = { home: HOME, json: JSON_OUTPUT } satisfies Options;

/** Exit code of `bitorch chain blame` when there is a fork, for scripts. */
const FORKED = 4;

/** `bitorch chain blame`: finds who forked the chain, from evidence kept by halted nodes. */
export const blameCommand = commandOf(
  'blame',
  'find who signed two final blocks at one height, from evidence kept by halted nodes; exit code 4 if there is a fork',
  OPTIONS,
)
  .argument('[files...]', '"fork" files of several nodes; more files give more certainty')
  .action(async (files: string[], { home, json }: OptionValues<typeof OPTIONS>) => {
    const { blameFork } = await import('#consensus');
    const own = [join(home, 'chain', 'fork'), join(home, 'light', 'fork')].filter((file) => existsSync(file));
    const [first, ...more] = files.length > 0 ? files : own;
    const found = first === undefined ? undefined : blameFork([first, ...more]);
    if (json) printJson({ fork: found ? verdictJson(found) : null });
    else if (found) printVerdict(found);
    else print('This node has not seen a fork.');
    if (found) process.exitCode = FORKED;
  });

const hasProof = ({ blame }: ForkVerdict, key: Uint8Array): boolean =>
  blame.doubleVoters.some((one) => toHex(one) === toHex(key));

const verdictJson = (found: ForkVerdict) => ({
  height: found.height,
  blocks: found.blocks.map(toHex),
  guilty: found.blame.guilty.map((key) => ({
    validator: toHex(key),
    fault: hasProof(found, key) ? 'double-vote' : 'broken-lock',
  })),
  share: found.blame.power / found.total,
});

function printVerdict(found: ForkVerdict): void {
  const { height, blocks, blame, total } = found;
  print(`Two blocks at height ${height} were signed by more than two thirds of the power:`);
  for (const block of blocks) print(`  ${toHex(block)}`);
  print(`Guilty, with ${((100 * blame.power) / total).toFixed(1)} % of the power:`);
  for (const key of blame.guilty) {
    const fault = hasProof(found, key) ? 'voted twice in one step (proven)' : 'voted against its own lock';
    print(`  ${toHex(key)}  ${fault}`);
  }
  if (blame.amnesiacs.length > 0)
    print('Broken locks are certain only with the files of all honest validators.');
}
