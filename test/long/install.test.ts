/** The files of a release on a fresh Debian without Node: installed, asked, started, its page fetched, stopped, removed. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { debianRoot, debianRootLacking, runInRoot } from '../support/debian-root.ts';
import { temporaryDirectory } from '../support/swarm.ts';

const run = promisify(execFile);
const skip = debianRootLacking() ?? false;

const TIMEOUT_MS = 600_000;

/** Makes the files for this processor, of which a test copies one to /root/NAME. */
async function release(t: TestContext): Promise<string> {
  const out = await temporaryDirectory(t);
  const name = `linux-${process.arch}`;
  const { stdout } = await run('npm', ['run', '--silent', 'release', '--', '--only', name, '--out', out]);
  assert.match(stdout, /SHA256SUMS: unsigned/);
  await run('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: out });
  return out;
}

/** Neither Node nor a previous installation helps. */
const ABSENT = 'if command -v node || command -v bitorch; then exit 9; fi';

/** Uses the command: version, report of a machine without a node, start, page, status, stop. */
const USE = `
bitorch --version
bitorch doctor || true
bitorch start --port 7777 & started=$!
until [ -s /root/.local/share/bitorch/api.url ]; do kill -0 $started; sleep 0.2; done
exec 3<>/dev/tcp/127.0.0.1/7777
printf 'GET / HTTP/1.0\\r\\nHost: 127.0.0.1:7777\\r\\n\\r\\n' >&3
cat <&3
bitorch status
bitorch stop
wait $started
`;

function assertUsed(output: string): void {
  assert.match(output, /^0\.1\.0$/m);
  assert.match(output, /^ok +engine +computes the same bits as the network$/m);
  assert.match(output, /is up: http:\/\/127\.0\.0\.1:7777\/#token=/);
  assert.match(output, /^HTTP\/1\.1 200 OK/m);
  assert.match(output, /<title>[^<]*Bitorch/);
  assert.match(output, /^roles +client, seed$/m);
  assert.match(output, /^The node has stopped\.$/m);
}

test('a fresh Debian installs the package and runs a node, and so does the single file', {
  skip,
  timeout: TIMEOUT_MS,
}, async (t) => {
  const root = await debianRoot(t).catch((error: Error) => error.message.trim().split('\n').at(-1)!);
  if (!root.startsWith('/')) return t.skip(`there is no Debian: ${root}`);
  const out = await release(t);
  const files = await readdir(out);
  const copy = async (end: string, name: string) =>
    copyFile(join(out, files.find((file) => file.endsWith(end))!), join(root, 'root', name));

  await t.test('the package', async () => {
    await copy('.deb', 'bitorch.deb');
    const removed = 'dpkg --purge bitorch; test ! -e /usr/bin/bitorch -a ! -e /usr/lib/bitorch';
    assertUsed(
      await runInRoot(
        root,
        `${ABSENT}\ndpkg --force-unsafe-io --install /root/bitorch.deb\n${USE}\n${removed}`,
      ),
    );
  });
  await t.test('the single file', async () => {
    await copy(`-linux-${process.arch}`, 'bitorch');
    assertUsed(await runInRoot(root, `${ABSENT}\nPATH=/root:$PATH\n${USE}`));
    const [unpacked] = (await readdir(join(root, 'root/.cache/bitorch'))).filter((name) => /^\d/.test(name));
    const main = await readFile(join(root, 'root/.cache/bitorch', unpacked!, 'app/src/cli/main.ts'), 'utf8');
    assert.equal(main, await readFile('src/cli/main.ts', 'utf8'));
  });
});
