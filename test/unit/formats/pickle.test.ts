import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteWindow, readNow, runPickle } from '#formats';

/** The calls that a pickle makes, and why it ended early if it did. */
function follow(opcodes: string): { calls: string[]; error: string | undefined } {
  const bytes = Uint8Array.from(opcodes, (code) => code.charCodeAt(0));
  const window = new ByteWindow(0, bytes.length);
  const calls: string[] = [];
  const events = { call: (_: unknown, opcode: string) => calls.push(opcode) };
  try {
    readNow(bytes, window, runPickle(window, events, { maxSteps: 1000, maxObjects: 1000 }));
    return { calls, error: undefined };
  } catch (error) {
    return { calls, error: (error as Error).message };
  }
}

test('numbers and texts have no methods that a pickle could call: Python ends there, or goes on', () => {
  for (const value of ['K\x01', 'N', '\x88', 'U\x01a', 'C\x01a', 'I7\n']) {
    for (const adding of ['K\x02a', '(K\x02e', '(K\x02K\x03u', 'K\x02K\x03s'])
      assert.match(follow(`${value}${adding}.`).error ?? '', /is not a container/);
    // Nothing is added, nothing is set: Python goes on, and so does who follows it.
    for (const nothing of ['(e', '(u', '}b'])
      assert.deepEqual(follow(`${value}${nothing}cos\nsystem\n)R.`), { calls: ['REDUCE'], error: undefined });
  }
});

test('of a class or an object they are called', () => {
  for (const value of ['cos\nenviron\n', 'cos\nx\n)R'])
    for (const adding of ['K\x02a', 'K\x02K\x03s', '}b'])
      assert.ok(follow(`${value}${adding}.`).calls.length > 0);
});

test('what has no name that Python could import is not imported', () => {
  assert.match(
    follow('const a = require("x");\nsecond line\n.').error ?? '',
    /cannot be the name of a module/,
  );
  assert.match(follow('cos\nno such thing\n)R.').error ?? '', /cannot be a name in a module/);
  assert.deepEqual(follow('cos\nno such thing\n)R.').calls, []);
  for (const module of ['os', 'my-module', 'a.b.c', 'модуль', '__builtin__'])
    assert.deepEqual(
      follow(`${Buffer.from(`c${module}\nx\n)R.`).toString('latin1')}`).calls,
      ['REDUCE'],
      module,
    );
});
