/** A host of the peer-to-peer network as a process of its own, so that it can live in a network namespace. */
import { createLog } from '#base';
import { SigningKey } from '#crypto';
import { type FrameStream, Host, type PeerAddress } from '#network';
import type { HostOptions } from '../../src/network/host-options.ts';
import { serveCommands } from './serve-commands.ts';

const ECHO = '/bitorch/test/echo/1';
const LIMIT = 1 << 20;

export type HostCommand =
  | { readonly type: 'address' | 'reach' }
  | { readonly type: 'provide' | 'find'; readonly key: string }
  | { readonly type: 'connect' | 'echo' | 'connections'; readonly peer: PeerAddress };

const options = JSON.parse(process.argv[2]!) as Omit<HostOptions, 'key'>;
const log = createLog('silent');
const host = await Host.start({ ...options, key: SigningKey.generate() }, { log });
await host.handle(ECHO, LIMIT, echo, { link: true });

async function echo(stream: FrameStream): Promise<void> {
  for (let frame = await stream.read(); frame; frame = await stream.read()) await stream.send(frame);
  await stream.close();
}

async function answer(command: HostCommand): Promise<unknown> {
  switch (command.type) {
    case 'address':
      return { id: host.id, addresses: host.addresses } satisfies PeerAddress;
    case 'reach':
      return host.reach;
    case 'connect':
      return host.connect(command.peer);
    case 'connections':
      return { direct: host.isDirect(command.peer.id), connected: host.isConnected(command.peer.id) };
    case 'echo':
      return echoOf(command.peer);
    case 'provide':
      return host.contentRouting?.provide(Buffer.from(command.key, 'hex'), AbortSignal.timeout(20_000));
    case 'find': {
      const limits = { count: 4, signal: AbortSignal.timeout(20_000) };
      return host.contentRouting?.findProviders(Buffer.from(command.key, 'hex'), limits);
    }
  }
}

/** Sends frames of several sizes to a peer; true when each came back as it was. */
async function echoOf(peer: PeerAddress): Promise<boolean> {
  const stream = await host.open(peer, ECHO, LIMIT, { link: true });
  for (const size of [1, 2336, LIMIT]) {
    const frame = new Uint8Array(size).fill(size % 251);
    await stream.send(frame);
    const back = await stream.read(AbortSignal.timeout(20_000));
    if (!back || Buffer.compare(back, frame) !== 0) return false;
  }
  await stream.close();
  return true;
}

await serveCommands(answer);
