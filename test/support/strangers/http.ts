/** What strangers do to the HTTP API, without its token. */
import { connect } from 'node:net';
import type { Random } from '../attacks/random.ts';
import { type Attack, pause } from './scene.ts';

/** Connections that each say one thing, and are kept for a while. */
const held =
  (count: number, say: (random: Random, host: string) => string | Uint8Array): Attack =>
  async (scene) => {
    const { hostname, port, host } = new URL(scene.random.pick(scene.world.apis));
    const sockets = Array.from({ length: count }, () => {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => undefined).resume();
      socket.write(say(scene.random, host));
      return socket;
    });
    for (let i = 0; i < 30 && !scene.signal.aborted; i++) {
      await pause(200, scene.signal);
      for (const socket of sockets) if (socket.writable) socket.write('x');
    }
    for (const socket of sockets) socket.destroy();
  };

const head = (method: string, path: string, host: string, more: string): string =>
  `${method} ${path} HTTP/1.1\r\nhost: ${host}\r\n${more}`;
const JSON_BODY = 'content-type: application/json\r\n';

const PATHS = [
  '/v1/chat/completions',
  '/api/wallet/send',
  '/api/session',
  '/api/tokens',
  '/api/chain/submit',
];

export const httpAttacks: Record<string, Attack> = {
  'http: slow headers': held(60, (_, host) => head('GET', '/api/network', host, 'x-slow: ')),
  'http: slow bodies': held(60, (random, host) =>
    head('POST', random.pick(PATHS), host, `${JSON_BODY}content-length: 100000\r\n\r\n{`),
  ),
  'http: huge bodies': held(10, (random, host) =>
    head(
      'POST',
      random.pick(PATHS),
      host,
      `${JSON_BODY}content-length: 50000000\r\n\r\n${'['.repeat(500_000)}`,
    ),
  ),
  'http: connections that say nothing': held(100, () => ''),
  'http: noise': held(40, (random) => random.bytes(2_000)),
  'http: wrong tokens and hosts': async ({ random, world, signal }) => {
    const timeout = AbortSignal.any([signal, AbortSignal.timeout(5_000)]);
    const requests = Array.from({ length: 60 }, async () => {
      const url = random.pick(world.apis);
      const response = await fetch(`${url}${random.pick([...PATHS, '/api/events', '/api/process'])}`, {
        headers: { authorization: `Bearer ${random.word()}` },
        signal: timeout,
      });
      await response.arrayBuffer();
    });
    await Promise.allSettled(requests);
  },
  'http: guesses at sessions': async ({ random, world, signal }) => {
    const timeout = AbortSignal.any([signal, AbortSignal.timeout(5_000)]);
    const requests = Array.from({ length: 60 }, async () => {
      const response = await fetch(`${random.pick(world.apis)}/api/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ token: random.word(40) }),
        signal: timeout,
      });
      await response.arrayBuffer();
    });
    await Promise.allSettled(requests);
  },
};
