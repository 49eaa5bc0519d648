import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Wakeup } from '#base';

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('a wait ends with the next wake, and a wake that came before it counts once', async () => {
  const news = new Wakeup();
  let ended = 0;
  const wait = () => void news.wait().then(() => ended++);
  wait();
  await turn();
  assert.equal(ended, 0);
  news.wake();
  await turn();
  assert.equal(ended, 1);
  news.wake();
  news.wake();
  wait();
  await turn();
  assert.equal(ended, 2);
  wait();
  await turn();
  assert.equal(ended, 2);
  news.wake();
  await turn();
  assert.equal(ended, 3);
});

test('a wait ends with its time, and with its signal', async () => {
  const news = new Wakeup();
  await news.wait({ ms: 1 });
  const stop = new AbortController();
  const waiting = news.wait({ ms: 1e8, signal: stop.signal });
  stop.abort();
  await waiting;
  await news.wait({ signal: stop.signal });
});
