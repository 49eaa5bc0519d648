import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';
import { BitorchError } from '#base';
import { SigningKey } from '#crypto';
import type { FrameStream, Host, PeerAddress } from '#network';
import { localStream } from '../../src/network/local-stream.ts';

type Handler = (stream: FrameStream) => Promise<void>;

/** The part of a node's host that sessions and audits use. */
export interface LocalHost extends Pick<Host, 'id' | 'connected' | 'open' | 'handle' | 'originOf'> {
  readonly key: SigningKey;
  readonly addresses: readonly string[];
  /** Nothing reaches it any more, and it reaches nobody. */
  cut: boolean;
}

/** Hosts of one process, whose streams are calls: a network whose every delay and failure the test decides. */
export class LocalNetwork {
  readonly #handlers = new Map<string, Handler>();
  readonly #hosts = new Map<string, LocalHost>();
  /** Every stream, as its dialler sees it. */
  readonly streams: FrameStream[] = [];
  /** Waits before a dialled stream is up. */
  delay: (from: string, to: string, protocol: string) => Promise<unknown> = async () => undefined;

  async host(origin?: string): Promise<LocalHost> {
    const key = SigningKey.generate();
    const id = peerIdFromPrivateKey(await generateKeyPairFromSeed('Ed25519', key.seed)).toString();
    const others = () => [...this.#hosts.values()].filter((other) => other.id !== id && !other.cut);
    const host: LocalHost = {
      id,
      key,
      addresses: [],
      cut: false,
      get connected() {
        return host.cut ? [] : others().map((other) => other.id);
      },
      originOf: (peer) => this.#origins.get(peer) ?? peer,
      handle: async (protocol, _maxFrameBytes, handler) =>
        void this.#handlers.set(`${id} ${protocol}`, handler),
      open: (peer, protocol, maxFrameBytes) => this.#open(host, peer, protocol, maxFrameBytes),
    };
    this.#hosts.set(id, host);
    if (origin) this.#origins.set(id, origin);
    return host;
  }

  readonly #origins = new Map<string, string>();

  async #open(
    from: LocalHost,
    { id }: PeerAddress,
    protocol: string,
    maxFrameBytes: number,
  ): Promise<FrameStream> {
    await this.delay(from.id, id, protocol);
    const handler = this.#handlers.get(`${id} ${protocol}`);
    const unreachable = (cause: string) => {
      const error = Object.assign(new Error(cause), { name: cause });
      return new BitorchError('PEER_UNREACHABLE', `${id} cannot be reached: ${cause}`, {}, error);
    };
    if (from.cut || this.#hosts.get(id)?.cut) throw unreachable('ConnectionFailedError');
    if (!handler) throw unreachable('UnsupportedProtocolError');
    const [ours, theirs] = localStream(id, maxFrameBytes, from.id);
    this.streams.push(ours);
    handler(theirs).catch((error: Error) => theirs.abort(error));
    return ours;
  }
}

/** Lets everything run that waits for nothing but its turn. */
export async function settle(turns = 20): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
}
