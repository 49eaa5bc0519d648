import assert from 'node:assert/strict';
import { test } from 'node:test';
import { utf8 } from '#base';
import { decodeBencode, encodeBencode } from '../../../src/distribution/bencode.ts';

const decode = (text: string) => decodeBencode(utf8(text), { maxBytes: 1000, maxDepth: 4, maxItems: 20 });

test('the examples of BEP 3', () => {
  assert.deepEqual(decode('4:spam'), utf8('spam'));
  assert.equal(decode('i-3e'), -3);
  assert.equal(decode('i0e'), 0);
  assert.deepEqual(decode('l4:spam4:eggse'), [utf8('spam'), utf8('eggs')]);
  const cow = new Map([
    ['cow', utf8('moo')],
    ['spam', utf8('eggs')],
  ]);
  assert.deepEqual(decode('d3:cow3:moo4:spam4:eggse'), cow);
  assert.deepEqual(encodeBencode(cow), utf8('d3:cow3:moo4:spam4:eggse'));
});

test('what has a second spelling, or no end, is refused', () => {
  const refused = [
    ...['', 'i', 'ie', 'i-0e', 'i03e', 'i-e', 'i--1e', 'i1', 'i9007199254740992e', 'i1.5e', 'i+1e'],
    ...['01:a', '-1:a', '2:a', ':', '1', '1:ab', 'l', 'li1e', 'd', 'd1:ae', 'di1ei2ee'],
    ...['d1:bi1e1:ai2ee', 'd1:ai1e1:ai2ee', 'i1ei2e', 'lllllleeeeee', `l${'i1e'.repeat(30)}e`, 'x'],
  ];
  for (const text of refused) assert.throws(() => decode(text), { code: 'BENCODE_INVALID' }, text);
  assert.throws(() => decode(`2000:${'a'.repeat(2000)}`), { code: 'BENCODE_INVALID' });
});
