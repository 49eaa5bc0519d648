/** Small files that would make a reader work far longer than they are long: what is done is counted, not timed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '#base';
import { inBuffer, type PickleValue, type RandomAccess, readZip, showCall, unpackMember } from '#formats';
import { builtInRuleset, scan } from '#security';
import { zipFile } from '../../support/attacks/archives.ts';

const ruleset = await builtInRuleset();

async function findings(path: string, source: RandomAccess): Promise<string[]> {
  const { files } = await scan([{ path, source }], ruleset);
  return files[0]!.findings.map(({ rule, place, detail }) => `${rule} ${place} ${detail}`);
}

/** A source that counts what is read of it, small readings one by one. */
function counted(bytes: Uint8Array): { source: RandomAccess; read: () => number } {
  const { size, read } = inBuffer(bytes);
  let sum = 0;
  return {
    source: {
      size,
      read: (offset, length) => {
        sum += length;
        return read(offset, length);
      },
    },
    read: () => sum,
  };
}

test('members of an archive that share one long header are not read again for each', async () => {
  const entry = { name: 'a', localName: 'x'.repeat(60_000), data: new Uint8Array() };
  const bytes = zipFile([entry], { repeat: 20_000 });
  const { source, read } = counted(bytes);
  assert.match((await findings('x.zip', source)).join('\n'), /archive-damaged .* no local header of its own/);
  assert.ok(read() < 32 * bytes.length, `${read()} bytes were read of ${bytes.length}`);
});

test('a member that unpacks to more than its header says is not unpacked to its end', async () => {
  const lie = { name: 'a', data: new Uint8Array(1 << 22), deflate: true, bytes: 0 };
  const archive = inBuffer(zipFile([lie]));
  const { members } = await readZip(archive);
  const { source } = (await unpackMember(archive, members[0]!))!;
  assert.ok(source.size > 0 && source.size <= 1 << 16, `${source.size} bytes`);
  const told = await findings('x.zip', archive);
  assert.ok(
    told.includes('archive-damaged a it unpacks to more than the 0 bytes that it says'),
    told.join('\n'),
  );
});

test('of a value that is in itself many times over only what is shown is looked at', () => {
  let looked = 0;
  const leaf = {
    get kind() {
      looked++;
      return 'unknown' as const;
    },
    what: 'x',
  };
  let value: PickleValue = leaf;
  for (let depth = 0; depth < 4; depth++) {
    const inner: PickleValue = value;
    value = { kind: 'dict', entries: Array.from({ length: 64 }, () => [inner, inner]), count: 64 };
  }
  const args: PickleValue = { kind: 'tuple', items: [value], count: 1 };
  assert.match(
    showCall({ callable: { kind: 'global', module: 'os', name: 'system' }, args }),
    /^os\.system\(/,
  );
  assert.ok(looked < 1000, `${looked} values were looked at`);
});

test('a line of blanks in YAML is read once', async () => {
  for (const line of [
    `a:${' '.repeat(1 << 17)}"x`,
    `a: b${' '.repeat(1 << 17)}x`,
    `${' '.repeat(1 << 17)}-`,
  ]) {
    assert.deepEqual(await findings('x.yaml', inBuffer(utf8(`${line}\n`.repeat(4)))), []);
  }
});

test('a template that writes other texts around each conversation is judged up to a bound, not to its end', async () => {
  const talk = '{% for m in messages %}{{ m.content }}{% endfor %}';
  const counts = `{% for i in range(1900) %}{{ i * messages|length }}\n{% endfor %}`;
  const many = Array.from({ length: 24 }, (_, n) => `{% if v${n} is defined %}{{ ${n} }}{% endif %}`).join(
    '',
  );
  const bytes = utf8(`${many}${talk}${counts.repeat(3)}`);
  assert.match((await findings('chat_template.jinja', inBuffer(bytes))).join('\n'), /resource-bomb/);
});

test('the trials of a template share one number of steps', async () => {
  const many = Array.from({ length: 24 }, (_, n) => `{% if v${n} %}{% endif %}`).join('');
  const idle = '{% for i in range(9999) %}{% endfor %}';
  const bytes = utf8(`${many}{% for m in messages %}{{ m.content }}{% endfor %}${idle}`);
  assert.match(
    (await findings('chat_template.jinja', inBuffer(bytes))).join('\n'),
    /resource-bomb .*more steps in all/,
  );
});
