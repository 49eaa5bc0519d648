import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Broadcast } from '#base';

test('events are made for those who read along, not for who is called back', async () => {
  const events = new Broadcast<number>();
  const heard: number[] = [];
  const off = events.on((event) => heard.push(event));
  assert.equal(events.watched, false);
  const end = new AbortController();
  const read = (async () => {
    for await (const event of events.subscribe(end.signal)) if (event === 2) end.abort();
  })();
  assert.equal(events.watched, true);
  events.publish(1);
  events.publish(2);
  await read;
  assert.equal(events.watched, false);
  assert.deepEqual(heard, [1, 2]);
  off();
});
