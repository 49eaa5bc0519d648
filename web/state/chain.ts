import { computed, signal } from '@preact/signals';
import type {
  BlockView,
  ChainEvent,
  ChainView,
  ValidatorView,
  WalletView,
} from '../../src/node/api/node-api.ts';

const BLOCKS_SHOWN = 20;

/** Undefined before the first event, and on a node that follows no chain. */
export const chain = signal<ChainView | undefined>(undefined);
export const wallet = signal<WalletView | undefined>(undefined);

/** Whether this is a test network, whose coins are worth nothing. */
export const isTest = computed(() => chain.value?.test ?? false);

export function receiveChainEvent(event: ChainEvent): void {
  if (event.type === 'chain') chain.value = event.chain;
  if (event.type === 'wallet') wallet.value = event.wallet;
  if (event.type === 'block' && chain.value) chain.value = withBlock(chain.value, event.block);
}

function withBlock(view: ChainView, block: BlockView): ChainView {
  if (block.height <= view.height) return view;
  const blocks = [block, ...view.blocks].slice(0, BLOCKS_SHOWN);
  return {
    ...view,
    height: block.height,
    time: block.time,
    blockId: block.id,
    appHash: block.appHash,
    blocks,
  };
}

/** Display name of a validator: its node's name, or else the start of its key. */
export function validatorName(validators: readonly ValidatorView[], key: string): string {
  const found = validators.find((validator) => validator.key === key);
  return found?.self ? 'Your computer' : (found?.name ?? `${key.slice(0, 8)}…`);
}
