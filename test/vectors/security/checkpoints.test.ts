/** Checkpoints that PyTorch wrote (checkpoints/make.py), and what PyTorch reads in them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { codeOf, concat, toHex } from '#base';
import { inBuffer, readSafetensors } from '#formats';
import { builtInRuleset, convertCheckpoint, scan } from '#security';

const ruleset = await builtInRuleset();
const read = (name: string) => new Uint8Array(readFileSync(new URL(`checkpoints/${name}`, import.meta.url)));
const expected: Record<string, Record<string, { dtype: string; shape: number[]; hex: string }>> = JSON.parse(
  Buffer.from(read('expected.json')).toString(),
);

async function converted(checkpoint: Uint8Array): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  await convertCheckpoint(inBuffer(checkpoint), ruleset, async (bytes) => parts.push(Uint8Array.from(bytes)));
  return concat(parts);
}

for (const [name, tensors] of Object.entries(expected)) {
  test(`${name} becomes the tensors that PyTorch reads in it`, async () => {
    const file = await converted(read(name));
    const source = inBuffer(file);
    assert.equal((await scan([{ path: 'x.safetensors', source }], ruleset)).verdict, 'clean');
    const found = (await readSafetensors(source, 'x')).map((tensor) => {
      const bytes = file.subarray(tensor.offset, tensor.offset + tensor.bytes);
      return [tensor.name, { dtype: tensor.dtype, shape: tensor.shape, hex: toHex(bytes) }];
    });
    assert.deepEqual(Object.fromEntries(found), tensors);
  });

  test(`${name}, cut short or made longer, is refused; changed, it is read or refused`, async () => {
    const whole = read(name);
    const refused = (error: unknown) => codeOf(error) === 'CONVERT_REFUSED';
    // A tar ends with zeros that nobody needs.
    const end = whole.findLastIndex((byte) => byte !== 0);
    for (let length = 0; length <= end; length += 101)
      await assert.rejects(converted(whole.subarray(0, length)), refused, `${length} bytes`);
    await assert.rejects(converted(concat([whole, Uint8Array.of(1)])), refused);
    for (let at = 0; at < whole.length; at += 59) {
      const changed = Uint8Array.from(whole, (byte, n) => (n === at ? byte ^ 0x91 : byte));
      await converted(changed).catch((error) => assert.ok(refused(error), `byte ${at}: ${error}`));
    }
  });
}
