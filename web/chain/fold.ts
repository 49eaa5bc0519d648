import type { BlockView } from '../../src/node/api/node-api.ts';

/** A block with transactions, or a run of blocks without any. */
export type BlockRow =
  | { kind: 'block'; block: BlockView }
  | { kind: 'empty'; first: number; last: number; blocks: readonly BlockView[] };

/** Joins neighbouring empty blocks to one row each. Newest first, like `blocks`. */
export function foldEmpty(blocks: readonly BlockView[]): BlockRow[] {
  const rows: BlockRow[] = [];
  for (const block of blocks) {
    const before = rows.at(-1);
    if (block.transactions > 0) rows.push({ kind: 'block', block });
    else if (before?.kind === 'empty' && before.first === block.height + 1)
      rows[rows.length - 1] = { ...before, first: block.height, blocks: [...before.blocks, block] };
    else rows.push({ kind: 'empty', first: block.height, last: block.height, blocks: [block] });
  }
  return rows;
}
