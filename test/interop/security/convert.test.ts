/** Conversion with the reader shut in: the same file as without, and nothing left of what is refused. */
import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { builtInRuleset, convertFile, sandboxAvailability } from '#security';

const state = await sandboxAvailability();
const skip = state.available ? false : `no sandbox: ${state.reason}`;
const ruleset = await builtInRuleset();
const fixture = (name: string) =>
  fileURLToPath(new URL(`../../vectors/security/checkpoints/${name}`, import.meta.url));

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bitorch-convert-'));
});
after(() => rm(folder, { recursive: true, force: true }));

const convert = (input: string, name: string, sandbox: boolean) =>
  convertFile({ input, output: join(folder, name), force: false, sandbox, ruleset });

test('each format becomes the same file in the sandbox and outside of it', { skip }, async () => {
  for (const name of ['zip.pt', 'stream.pt', 'tar.pt', 'big-endian.pt']) {
    const inside = await convert(fixture(name), `${name}.in`, true);
    assert.deepEqual(inside, await convert(fixture(name), `${name}.out`, false));
    const [a, b] = await Promise.all(['in', 'out'].map((end) => readFile(join(folder, `${name}.${end}`))));
    assert.deepEqual(a, b);
    assert.equal(inside.bytes, a!.length);
  }
});

test('a checkpoint that only its owner may read, behind a link, is converted as well', { skip }, async () => {
  const input = join(folder, 'private.pt');
  await writeFile(input, await readFile(fixture('zip.pt')));
  await chmod(input, 0o600);
  await symlink(input, join(folder, 'link.pt'));
  const { tensors } = await convert(join(folder, 'link.pt'), 'private.safetensors', true);
  assert.ok(tensors > 10);
});

test('what is refused says why, and leaves no file', { skip }, async () => {
  const input = join(folder, 'evil.pt');
  const code = "\x80\x02cos\nsystem\n(S'touch /tmp/x'\ntR.";
  await writeFile(input, Buffer.from(code, 'latin1'));
  await assert.rejects(convert(input, 'evil.safetensors', true), {
    code: 'CONVERT_REFUSED',
    message: /imports os\.system/,
  });
  await writeFile(input, (await readFile(fixture('stream.pt'))).subarray(0, 900));
  await assert.rejects(convert(input, 'evil.safetensors', true), { code: 'CONVERT_REFUSED' });
  assert.deepEqual(
    (await readdir(folder)).filter((name) => /evil\.safe|partial/.test(name)),
    [],
  );
});

test('a folder, or nothing at all, is no checkpoint', async () => {
  for (const input of [folder, join(folder, 'nowhere.pt')])
    await assert.rejects(convert(input, 'x.safetensors', false), {
      code: 'OPTION_INVALID',
      message: /not a file/,
    });
});

test('a file that is there stays, unless it may be replaced', { skip }, async () => {
  const output = join(folder, 'there.safetensors');
  await writeFile(output, 'mine');
  const options = { input: fixture('zip.pt'), output, sandbox: true, ruleset };
  await assert.rejects(convertFile({ ...options, force: false }), { code: 'OPTION_INVALID' });
  assert.equal(await readFile(output, 'utf8'), 'mine');
  await convertFile({ ...options, force: true });
  assert.ok((await stat(output)).size > 1000);
});
