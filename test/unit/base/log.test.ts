import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from '#base';

/** What a log writes of one line a level in two rooms and at its root. */
function written(levels: string | string[]): string[] {
  const lines: string[] = [];
  const log = createLog(levels, { write: (line) => lines.push(line) });
  const rooms = [log, log.child({ room: 'network' }), log.child({ room: 'chain' })];
  for (const one of rooms) for (const level of ['error', 'warn', 'info', 'debug'] as const) one[level](level);
  return lines.map((line) => {
    const { room = 'root', msg } = JSON.parse(line);
    return `${room} ${msg}`;
  });
}

test('one level for all rooms', () => {
  assert.deepEqual(written('error'), ['root error', 'network error', 'chain error']);
  assert.deepEqual(written('silent'), []);
});

test('a room has a level of its own, higher or lower', () => {
  const lines = written(['error', 'network=info', 'chain=silent']);
  assert.deepEqual(lines, ['root error', 'network error', 'network warn', 'network info']);
  assert.equal(written('network=debug').filter((line) => line.startsWith('network')).length, 4);
});

test('a child of a room keeps the level of the room', () => {
  const lines: string[] = [];
  const log = createLog('warn,network=debug', { write: (line) => lines.push(line) });
  log.child({ room: 'network' }).child({ session: 7 }).debug('x');
  assert.deepEqual([lines.length, JSON.parse(lines[0]!).session], [1, 7]);
});

test('what names no level is ignored', () => {
  assert.deepEqual(written('loud,network=loud,=,'), written('warn'));
});
