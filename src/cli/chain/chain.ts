import { Command } from 'commander';
import type { BlockView, ChainView, ValidatorView } from '#node';
import { formatAmount } from '../wallet/amounts.ts';
import { askNode, type NodeFlags, nodeCommand, print, printJson, printTable, short } from './api.ts';
import { blameCommand } from './blame.ts';

const chainOf = (flags: NodeFlags): Promise<ChainView> => askNode(flags, '/api/chain');

const statusCommand = nodeCommand('status', 'height, finality, mempool, fees, supply').action(
  async (flags: NodeFlags) => {
    const chain = await chainOf(flags);
    if (flags.json) return printJson({ ...chain, blocks: undefined, validators: undefined });
    const finality = chain.finalityMs === undefined ? '' : `, final after ${chain.finalityMs.toFixed(0)} ms`;
    const interval =
      chain.intervalMs === undefined ? '' : `, a block every ${(chain.intervalMs / 1000).toFixed(1)} s`;
    print(
      `network  ${chain.network} (${chain.chainId})${chain.test ? ', test network: coins have no value' : ''}`,
    );
    print(`height   ${chain.height} of ${chain.bestHeight}, ${chain.state}${finality}${interval}`);
    if (chain.problem) print(`problem  ${chain.problem}`);
    print(`block    ${chain.blockId}`);
    print(`state    ${chain.appHash}`);
    print(`peers    ${chain.peers}`);
    print(`mempool  ${chain.mempool.transactions} transactions, ${chain.mempool.bytes} bytes`);
    print(`fee      ${chain.fee.base} sparks a byte`);
    print(
      `minted   ${formatAmount(BigInt(chain.supply.minted))}, burned ${formatAmount(BigInt(chain.supply.burned))}`,
    );
  },
);

const blocksCommand = nodeCommand('blocks', 'the last blocks').action(async (flags: NodeFlags) => {
  const { blocks } = await chainOf(flags);
  if (flags.json) return printJson(blocks);
  printTable([
    ['height', 'id', 'time', 'transactions', 'bytes', 'round', 'final after'],
    ...blocks.map(blockRow),
  ]);
});

const blockRow = (block: BlockView): string[] => [
  `${block.height}`,
  short(block.id),
  new Date(block.time).toISOString(),
  `${block.transactions}`,
  `${block.bytes}`,
  `${block.round}`,
  block.finalityMs === undefined ? '–' : `${block.finalityMs.toFixed(0)} ms`,
];

const validatorsCommand = nodeCommand('validators', 'list validators and their voting power').action(
  async (flags: NodeFlags) => {
    const { validators } = await chainOf(flags);
    if (flags.json) return printJson(validators);
    const head = ['validator', 'name', 'power', 'share', 'bond', 'commission', 'signed', 'state'];
    printTable([head, ...validators.map(validatorRow)]);
  },
);

const validatorRow = (one: ValidatorView): string[] => [
  short(one.key),
  `${one.name ?? ''}${one.self ? ' (this node)' : ''}`,
  one.power,
  `${(100 * one.share).toFixed(1)} %`,
  formatAmount(BigInt(one.stake)),
  `${(100 * one.commission).toFixed(1)} %`,
  `${one.signed} of 100`,
  stateOf(one),
];

function stateOf({ tombstoned, jailedUntil, active }: ValidatorView): string {
  if (tombstoned) return 'removed permanently: double-signed';
  if (jailedUntil > 0) return `jailed until ${jailedUntil}`;
  return active ? 'active' : 'waiting';
}

/** `bitorch chain`. */
export const chainCommands = new Command('chain')
  .description('inspect the chain of a running node')
  .addCommand(statusCommand)
  .addCommand(blocksCommand)
  .addCommand(validatorsCommand)
  .addCommand(blameCommand);
