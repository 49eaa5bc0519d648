import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { toHex } from '#base';
import { launchBrowser } from '../../support/browser.ts';
import { kernelRun } from '../../support/crypto/kernel-run.ts';
import { nobleCurve } from '../../support/crypto/noble/curve.ts';

const ROOT = join(import.meta.dirname, '../../..');
const PAGE = `<!doctype html><title>kernel</title><script type="module">
  import { kernelCurve } from '/src/crypto/kernel/curve.ts';
  import { kernelRun } from '/test/support/crypto/kernel-run.ts';
  const module = await WebAssembly.compileStreaming(fetch('/src/crypto/kernel/kernel.wasm'));
  window.result = kernelRun(kernelCurve(module)).map((bytes) => Array.from(bytes));
</script>`;

/** Serves the sources as a page can load them: types stripped, nothing bundled. */
const server = createServer((request, response) => {
  const path = new URL(request.url!, 'http://page').pathname;
  const send = (type: string, body: string | Buffer) => response.setHeader('content-type', type).end(body);
  if (path === '/') send('text/html', PAGE);
  else if (path.endsWith('.ts')) {
    send('text/javascript', stripTypeScriptTypes(readFileSync(join(ROOT, path), 'utf8')));
  } else if (path.endsWith('.wasm')) send('application/wasm', readFileSync(join(ROOT, path)));
  else response.writeHead(404).end();
});
let browser: Browser;

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  browser = await launchBrowser();
});

after(async () => {
  await browser?.close();
  server.close();
});

test('the kernel runs in a page, without anything of Node, and calculates the same as noble', async () => {
  const page = await browser.newPage();
  const errors: Error[] = [];
  page.on('pageerror', (error) => errors.push(error));
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const result = await page
    .waitForFunction(() => (window as { result?: number[][] }).result)
    .catch(() => undefined);
  assert.deepEqual(errors, []);
  const encodings = ((await result!.jsonValue()) as number[][]).map((bytes) => toHex(Uint8Array.from(bytes)));
  assert.deepEqual(encodings, kernelRun(nobleCurve).map(toHex));
});
