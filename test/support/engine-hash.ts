/**
 * Prints one hash of a fixed run of the engine, made weights included: equal on every machine, in every browser and
 * under every flag. `node test/support/engine-hash.ts [relaxed|plain] [threads]`; a page may import `engineHash`.
 */
import { loadSample, trial } from '../../src/execution/engine/self-check.ts';

export async function engineHash(build: 'relaxed' | 'plain', threads = 1): Promise<string> {
  const hashes: string[] = [];
  for (const shape of [
    { heads: 7, kvHeads: 1 },
    { heads: 4, kvHeads: 2, headDim: 64 },
    { heads: 3, kvHeads: 3 },
  ]) {
    const stage = await loadSample(shape, { build, threads });
    for (let round = 0; round < 3; round++) hashes.push(await trial(stage));
    await stage.stop();
  }
  const distinct = [...new Set(hashes)];
  return distinct.length === 3 ? distinct.map((hash) => hash.slice(0, 16)).join('-') : `unstable ${distinct}`;
}

const inNode = typeof process !== 'undefined' && process.argv[1]?.endsWith('engine-hash.ts');
if (inNode) {
  const build = process.argv[2] === 'plain' ? 'plain' : 'relaxed';
  console.log(await engineHash(build, Number(process.argv[3] ?? 1)));
}
