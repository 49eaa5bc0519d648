import { join } from 'node:path';
import { Command } from 'commander';
import { dataDirectory, toHex } from '#base';
import { print } from './api.ts';

/** `bitorch chain blame`: who has forked the chain, out of what the nodes that halted have kept. */
export const blameCommand = new Command('blame')
  .description('name those who signed two final blocks of one height, from what halted nodes have kept')
  .argument('[files...]', 'files "fork" of several nodes: the more, the surer')
  .option('--home <folder>', 'data directory of the node')
  .action(async (files: string[], { home = dataDirectory() }: { home?: string }) => {
    const { blameFork } = await import('#node');
    const found = blameFork(files.length > 0 ? files : [join(home, 'chain', 'fork')]);
    if (!found) {
      print('This node has seen no fork.');
      return;
    }
    const { height, blocks, blame, total } = found;
    print(`Two blocks of height ${height} were signed by more than two thirds:`);
    for (const block of blocks) print(`  ${toHex(block)}`);
    const share = ((100 * blame.power) / total).toFixed(1);
    print(`Guilty, with ${share} % of the power:`);
    for (const key of blame.guilty) {
      const twice = blame.doubleVotes.some(({ validator }) => toHex(validator) === toHex(key));
      print(`  ${toHex(key)}  ${twice ? 'voted twice in one step: proven' : 'voted against its own lock'}`);
    }
    if (blame.amnesiacs.length > 0)
      print('Broken locks are sure only with the files of all honest validators: give all of them.');
  });
