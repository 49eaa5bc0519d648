import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { toHex } from '#base';
import { inBuffer } from '#formats';
import { builtInRuleset, reportHash, scan } from '#security';
import { CLEAN, FAMILIES, Random } from '../../support/attacks/index.ts';

const RUNS = 12;
const seed = Number(process.env.SEED ?? randomInt(2 ** 31));
const ruleset = await builtInRuleset();
const scanned = (path: string, bytes: Uint8Array) => scan([{ path, source: inBuffer(bytes) }], ruleset);

for (const [n, family] of FAMILIES.entries()) {
  test(`refused: ${family.name} (SEED=${seed})`, async () => {
    const random = new Random(seed + n);
    for (let run = 0; run < RUNS; run++) {
      const { path, bytes, rule } = family.make(random);
      const { verdict, files } = await scanned(path, bytes);
      const found = files[0]!.findings.map((finding) => `${finding.rule} ${finding.detail}`);
      const what = `run ${run}, ${path}: ${found.join(' | ')}\n${toHex(bytes.subarray(0, 400))}`;
      assert.equal(verdict, 'refused', what);
      assert.ok(
        found.some((line) => rule.test(line)),
        `${rule} is not among the findings: ${what}`,
      );
    }
  });
}

for (const [n, [name, make]] of CLEAN.entries()) {
  test(`clean: ${name} (SEED=${seed})`, async () => {
    const random = new Random(seed + n);
    for (let run = 0; run < RUNS; run++) {
      const { path, bytes } = make(random);
      const { verdict, files } = await scanned(path, bytes);
      assert.equal(
        verdict,
        'clean',
        `${path}: ${JSON.stringify(files[0]!.findings)}\n${toHex(bytes.subarray(0, 400))}`,
      );
    }
  });
}

test('a report does not depend on the order of the files', async () => {
  const random = new Random(seed);
  const files = CLEAN.map(([, make], n) => {
    const { path, bytes } = make(random);
    return { path: `${n}/${path}`, source: inBuffer(bytes) };
  });
  const hashes = [files, random.shuffled(files)].map(async (list) =>
    toHex(reportHash(await scan(list, ruleset))),
  );
  assert.equal(await hashes[0], await hashes[1]);
});
