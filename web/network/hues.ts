import { computed } from '@preact/signals';
import { network } from '../state/live.ts';

const HUES = 8;

/**
 * The colour (0–7) of each computer that runs blocks, in the order of its first block, so that neighbours on a route differ.
 * Chips and block bars use the same one.
 */
const hues = computed<ReadonlyMap<string, number>>(() => {
  const firstBlock = (node: { holdings: { blocks?: { first: number } }[] }) =>
    Math.min(...node.holdings.map(({ blocks }) => blocks?.first ?? Number.POSITIVE_INFINITY));
  const running = (network.value?.nodes ?? [])
    .map((node) => ({ id: node.id, first: firstBlock(node) }))
    .filter(({ first }) => Number.isFinite(first))
    .sort((a, b) => a.first - b.first || (a.id < b.id ? -1 : 1));
  return new Map(running.map(({ id }, i) => [id, i % HUES]));
});

/** The colour of a computer; of its place on the route when the network does not know it. */
export const hueOf = (nodeId: string, place = 0): number => hues.value.get(nodeId) ?? place % HUES;
