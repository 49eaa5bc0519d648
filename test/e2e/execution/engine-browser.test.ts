import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { build } from 'vite';
import { launchBrowser } from '../../support/browser.ts';
import { engineHash } from '../../support/engine-hash.ts';

const PAGE = join(import.meta.dirname, '../../support/engine-page');
const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
};
/** Shared memory needs an isolated page. */
const ISOLATED = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

let directory: string;
let server: Server;
let browser: Browser;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bitorch-engine-'));
  await build({
    configFile: false,
    root: PAGE,
    logLevel: 'error',
    resolve: {
      alias: { '#base': join(PAGE, 'base.ts'), '#formats': join(PAGE, 'formats.ts') },
    },
    worker: { format: 'es' },
    build: { target: 'esnext', outDir: directory, emptyOutDir: true, modulePreload: false },
  });
  server = createServer((request, response) => {
    const path = request.url === '/' ? '/index.html' : request.url!;
    readFile(join(directory, path)).then(
      (bytes) => response.writeHead(200, { ...ISOLATED, 'content-type': TYPES[extname(path)] }).end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  browser = await launchBrowser();
});
after(async () => {
  await browser?.close();
  server?.close();
  await rm(directory, { recursive: true, force: true });
});

test('a browser tab gives the bits of Node, with both builds', async () => {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  await page.waitForFunction('globalThis.engineHash');
  for (const build of ['relaxed', 'plain'] as const) {
    assert.equal(await page.evaluate(`engineHash('${build}', 2)`), await engineHash(build), build);
  }
});
