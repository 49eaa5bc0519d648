/** Files of a great many small things, around the numbers at which tables grow: each is judged, and none holds a parser up. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inBuffer } from '#formats';
import { builtInRuleset, scan } from '#security';
import { around, MANY } from '../../support/fuzz/many.ts';

const ruleset = await builtInRuleset();

for (const { name, path, make, most = Number.POSITIVE_INFINITY } of MANY) {
  test(`many ${name}`, async () => {
    const kinds = new Set<string>();
    for (const count of [8, 10, 11, 12].flatMap(around).filter((many) => many <= most)) {
      const { files } = await scan([{ path, source: inBuffer(make(count)) }], ruleset);
      const [{ kind, findings } = { kind: '', findings: [] }] = files;
      kinds.add(kind);
      const damaged = findings.find(({ rule }) => /damaged|malformed/.test(rule));
      assert.equal(damaged, undefined, `${count}: ${damaged?.detail}`);
    }
    assert.equal(kinds.size, most < 255 ? 0 : 1);
  });
}
