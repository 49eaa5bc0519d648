import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { identify } from '@libp2p/identify';
import { noise } from '@libp2p/noise';
import { webSockets } from '@libp2p/websockets';
import { yamux } from '@libp2p/yamux';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { createLog } from '#base';
import { SigningKey } from '#crypto';
import { Host } from '#network';
import { afterwards, temporaryDirectory } from '../../support/swarm.ts';

const log = createLog('silent');
const key = SigningKey.generate();

test('a client that speaks WebSocket alone connects, as a browser does', async (t) => {
  const host = await Host.start({ key, listen: ['/ip4/127.0.0.1/tcp/0/ws'] }, { log });
  afterwards(t, () => host.stop());
  const client = await createLibp2p({
    transports: [webSockets()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify() },
    connectionGater: { denyDialMultiaddr: () => false },
  });
  afterwards(t, () => client.stop());
  const [address] = host.addresses;
  assert.match(address!, /\/ws\/p2p\//);
  const connection = await client.dial(multiaddr(address!));
  assert.equal(connection.remotePeer.toString(), host.id);
});

/** Why no certificate can be made here. */
function certificateProblem(): string | false {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return false;
  } catch {
    return 'openssl makes the certificate, and is not installed';
  }
}

test('an address with /tls/ws shows the given certificate', { skip: certificateProblem() }, async (t) => {
  const folder = await temporaryDirectory(t);
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=localhost', '-days', '2', '-nodes'];
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  execFileSync('openssl', ['req', ...kind, ...subject, '-keyout', keyFile, '-out', certFile], {
    stdio: 'ignore',
  });
  const tls = { cert: await readFile(certFile, 'utf8'), key: await readFile(keyFile, 'utf8') };
  const host = await Host.start({ key, listen: ['/ip4/127.0.0.1/tcp/0/tls/ws'], tls }, { log });
  afterwards(t, () => host.stop());
  const port = Number(/\/tcp\/(\d+)\//.exec(host.addresses[0]!)![1]);
  const socket = connect({ host: '127.0.0.1', port, ca: tls.cert, servername: 'localhost' });
  await once(socket, 'secureConnect');
  assert.ok(socket.authorized);
  socket.destroy();
});
