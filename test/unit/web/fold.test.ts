import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foldEmpty } from '../../../web/chain/fold.ts';
import { blockView } from '../../support/scripted-chain.ts';

test('neighbouring blocks without transactions become one row', () => {
  const blocks = [9, 8, 7, 6, 4].map((height) => ({
    ...blockView(height),
    transactions: height === 7 ? 2 : 0,
  }));
  const rows = foldEmpty(blocks).map((row) =>
    row.kind === 'block' ? row.block.height : [row.first, row.last],
  );
  assert.deepEqual(rows, [[8, 9], 7, [6, 6], [4, 4]], 'a gap in the heights is not folded over');
  assert.deepEqual(foldEmpty([]), []);
});
