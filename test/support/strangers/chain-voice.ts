import { readFileSync } from 'node:fs';
import { sha256 } from '#base';
import { type Genesis, parseGenesis } from '#consensus';
import { defaultCurve } from '#crypto';
import { encode } from '#ledger';
import type { FrameStream, Host, PeerAddress } from '#network';
import {
  decodeMessage,
  encodeMessage,
  GOSSIP_PROTOCOL,
  GOSSIP_VERSION,
  helloCodec,
  MAX_GOSSIP_FRAME,
  type Message,
  type Status,
} from '../../../src/consensus/gossip/index.ts';

/** Frames that are kept to be said again. */
const KEPT = 400;

export interface KnownChain {
  readonly genesis: Genesis;
  readonly hash: Uint8Array;
}

export function chainOf(path: string): KnownChain {
  const file = readFileSync(path);
  return { genesis: parseGenesis(file, defaultCurve()), hash: sha256(file) };
}

/** Speaks with nodes of a chain as one of them, and says what it is told to. */
export class ChainVoice {
  readonly heard: Uint8Array[] = [];
  /** Where the nodes stand. */
  status: Status = { height: 1, round: 0, base: 0 };
  onMessage: ((message: Message, from: string) => void) | undefined;
  readonly #chain: KnownChain;
  readonly #host: Host;
  readonly #streams = new Map<string, FrameStream>();

  private constructor(chain: KnownChain, host: Host) {
    this.#chain = chain;
    this.#host = host;
  }

  /** Listens from now on. */
  static async on(host: Host, genesis: string): Promise<ChainVoice> {
    const voice = new ChainVoice(chainOf(genesis), host);
    await host.handle(GOSSIP_PROTOCOL, MAX_GOSSIP_FRAME, (stream) => voice.#listen(stream));
    return voice;
  }

  get genesis(): Genesis {
    return this.#chain.genesis;
  }

  /** A stream with a hello, as a node of the chain opens it. */
  async open(peer: PeerAddress): Promise<FrameStream> {
    const stream = await this.#host.open(peer, GOSSIP_PROTOCOL, MAX_GOSSIP_FRAME);
    this.#streams.set(peer.id, stream);
    const { genesis, hash } = this.#chain;
    const { chainId } = genesis.parameters;
    await stream.send(encode(helloCodec, { version: GOSSIP_VERSION, chainId, genesis: hash }));
    await stream.send(encodeMessage({ type: 'status', value: this.status }));
    return stream;
  }

  /** To all nodes that it speaks with; who does not listen any more is left out. */
  async say(message: Message, to?: string): Promise<void> {
    const bytes = encodeMessage(message);
    for (const [id, stream] of this.#streams)
      if (to === undefined || to === id) await stream.send(bytes).catch(() => this.#streams.delete(id));
  }

  async #listen(stream: FrameStream): Promise<void> {
    await stream.read();
    for (let frame = await stream.read(); frame; frame = await stream.read()) {
      const message = decodeMessage(frame);
      if (message.type === 'status' && message.value.height >= this.status.height)
        this.status = message.value;
      this.heard.push(frame.slice());
      if (this.heard.length > KEPT) this.heard.shift();
      this.onMessage?.(message, stream.remote);
    }
  }
}
