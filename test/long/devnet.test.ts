/** The main job as a user sees it: real processes, the default model, the real page. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { toHex, tryLockFile } from '#base';
import { type ByteRange, blockRanges, boundaryRanges, openManifest, parseMetainfo } from '#distribution';
import { ask, auditOf, networkOf } from '../../src/cli/devnet/client.ts';
import { Devnet } from '../../src/cli/devnet/devnet.ts';
import type { NodeProcess, Ready } from '../../src/cli/devnet/process.ts';
import { launchBrowser } from '../support/browser.ts';
import { defaultModelPath } from '../support/model.ts';
import { openPage } from '../support/page.ts';

const PROMPT = 'What is the capital of France?';
const signal = AbortSignal.timeout(300_000);

let home: string;
let devnet: Devnet;
let user: Ready;

before(async () => {
  home = await mkdtemp(join(tmpdir(), 'bitorch-devnet-'));
  const model = await defaultModelPath();
  devnet = new Devnet(
    { home, cache: join(home, 'cache'), nodes: 3, model, port: 0 },
    { onProgress: () => undefined },
  );
  user = await devnet.start();
});
after(async () => {
  await devnet.stop();
  await rm(home, { recursive: true, force: true });
});

const nodeNamed = (name: string): NodeProcess => devnet.processes.find((process) => process.name === name)!;

/** Indices of the pieces whose bytes a node has on disk, found by hashing what is there. */
async function piecesOnDisk(node: NodeProcess) {
  const [id] = await readdir(join(node.home, 'models'));
  const folder = join(node.home, 'models', id!);
  const metainfo = parseMetainfo(new Uint8Array(await readFile(join(folder, 'model.torrent'))));
  const manifest = openManifest(new Uint8Array(await readFile(join(folder, 'manifest'))));
  const files = join(node.home, 'torrents', toHex(manifest.infohash));
  const file = await open(join(files, metainfo.files[0]!.path));
  const pieces = new Set<number>();
  for (let piece = 0; piece < metainfo.pieceCount; piece++) {
    const length = Math.min(metainfo.pieceLength, metainfo.length - piece * metainfo.pieceLength);
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(length),
      0,
      length,
      piece * metainfo.pieceLength,
    );
    const hash = createHash('sha1').update(buffer.subarray(0, bytesRead)).digest();
    if (hash.equals(metainfo.pieces.subarray(20 * piece, 20 * piece + 20))) pieces.add(piece);
  }
  await file.close();
  const piecesOf = (ranges: ByteRange[]) =>
    new Set(
      ranges.flatMap(({ offset, length }) => {
        const first = Math.floor(offset / metainfo.pieceLength);
        const last = Math.floor((offset + length - 1) / metainfo.pieceLength);
        return Array.from({ length: last - first + 1 }, (_, i) => first + i);
      }),
    );
  return { pieces, manifest, piecesOf };
}

test('before the first answer each stage holds the pieces of its blocks and no other', async () => {
  const { nodes } = await networkOf(user, signal);
  for (const name of ['stage 1', 'stage 2', 'stage 3']) {
    const { blocks } = nodes.find((node) => node.name === name)!.holdings[0]!;
    const { pieces, manifest, piecesOf } = await piecesOnDisk(nodeNamed(name));
    assert.deepEqual(pieces, piecesOf(blockRanges(manifest, blocks!.first, blocks!.end)), name);
  }
});

test("the user's node holds the boundary and no piece that is all block weights", async () => {
  const { pieces, manifest, piecesOf } = await piecesOnDisk(nodeNamed('you'));
  assert.deepEqual(pieces, piecesOf(boundaryRanges(manifest)));
});

test('the answer is right, names its route, and its audit passes', async () => {
  const answer = await ask(user, PROMPT, () => undefined, signal);
  assert.match(answer.text, /Paris/);
  assert.deepEqual(
    answer.hops.map(({ name, first, end }) => [name, first, end]),
    [
      ['stage 1', 0, 10],
      ['stage 2', 10, 20],
      ['stage 3', 20, 30],
    ],
  );
  const audit = await auditOf(user, answer.id, signal);
  assert.equal(audit.state, 'passed', audit.summary);
});

test('the page answers in a browser and shows route, speed and audit', async (t) => {
  const browser = await launchBrowser();
  t.after(() => browser.close());
  const { page, answer, ask, errors } = await openPage(browser, `${user.url}/#token=${user.token}`);
  await ask(PROMPT);
  await answer.getByText(/Paris/).waitFor({ timeout: 60_000 });
  await answer
    .getByText(/stage 2/)
    .first()
    .waitFor();
  await answer
    .getByText(/tok\/s/)
    .first()
    .waitFor();
  await answer
    .getByText(/verified/i)
    .first()
    .waitFor({ timeout: 120_000 });
  if (process.env.SCREENSHOTS) await page.screenshot({ path: join(process.env.SCREENSHOTS, 'devnet.png') });
  assert.deepEqual(errors, []);
});

test('the page shows at once that a stage was killed, and that it is back', async (t) => {
  const browser = await launchBrowser();
  t.after(() => browser.close());
  const { page } = await openPage(browser, `${user.url}/#token=${user.token}`);
  await page.getByText('3 computers', { exact: true }).waitFor();
  const killed = performance.now();
  process.kill(nodeNamed('stage 1').pid!, 'SIGKILL');
  await page.getByText('2 computers · some blocks missing').waitFor();
  t.diagnostic(`shown after ${Math.round(performance.now() - killed)} ms`);
  await page.getByText(/^3 computers/).waitFor({ timeout: 60_000 });
  t.diagnostic(`healed after ${Math.round(performance.now() - killed)} ms`);
});

test('with a stage killed and no spare the next prompt fails with an error that names it', async () => {
  process.kill(nodeNamed('stage 2').pid!, 'SIGKILL');
  await assert.rejects(
    ask(user, PROMPT, () => undefined, signal),
    /stage 2 \(blocks 10–19\)/,
  );
});

test('after the stop no process, port or lock is left', async () => {
  const pids = devnet.processes.map(({ pid }) => pid!);
  await devnet.stop();
  for (const pid of pids) assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
  await assert.rejects(fetch(user.url));
  for (const node of devnet.processes) {
    const unlock = await tryLockFile(join(node.home, 'home.lock'));
    assert.ok(unlock, node.name);
    unlock();
  }
});
