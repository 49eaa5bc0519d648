import { BitorchError } from '#base';
import { type Budget, Budgets, type FrameStream, type Host, type Limits } from '#network';

type Handler = (stream: FrameStream) => Promise<void>;

/** One end of a stream in memory. */
class End {
  readonly remote: string;
  readonly #ended = new AbortController();
  readonly #frames: Uint8Array[] = [];
  #wake: () => void = () => undefined;
  other!: End;

  constructor(remote: string) {
    this.remote = remote;
    this.#ended.signal.addEventListener('abort', () => this.#wake());
  }

  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  async read(): Promise<Uint8Array | undefined> {
    while (this.#frames.length === 0) {
      if (this.ended.aborted) throw new BitorchError('STREAM_CLOSED', 'the stream has ended');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#frames.shift();
  }

  async send(frame: Uint8Array): Promise<void> {
    if (this.ended.aborted) throw new BitorchError('STREAM_CLOSED', 'the stream has ended');
    this.other.#frames.push(frame.slice());
    this.other.#wake();
  }

  abort(): void {
    this.#ended.abort();
    if (!this.other.ended.aborted) this.other.abort();
  }

  async close(): Promise<void> {
    this.abort();
  }
}

const UNLIMITED: Limits = {
  heldBytes: 1e12,
  bytesPerSecond: 1e12,
  burstBytes: 1e12,
  cpuMsPerSecond: 1e12,
  burstCpuMs: 1e12,
};

/** What gossip and answers need of a host, without a network. */
export class MemoryHost {
  readonly id: string;
  readonly #peers = new Map<string, MemoryHost>();
  readonly #handlers = new Map<string, Handler>();
  readonly #met: ((id: string) => void)[] = [];

  readonly #budgets: Budgets;

  /** @param limits what each peer, and all of them, may cost this host; as good as unlimited when it is not told */
  constructor(id: string, limits: Limits = UNLIMITED) {
    this.id = id;
    this.#budgets = new Budgets({ peer: limits, address: limits, all: limits });
  }

  budgetOf(peer: string): Budget {
    return this.#budgets.of(peer);
  }

  /** As the type that production code takes. */
  get host(): Host {
    return this as unknown as Host;
  }

  get connected(): string[] {
    return [...this.#peers.keys()];
  }

  join(other: MemoryHost): void {
    this.#meet(other);
    other.#meet(this);
  }

  async handle(protocol: string, _maxFrame: number, handler: Handler): Promise<void> {
    this.#handlers.set(protocol, handler);
  }

  async open({ id }: { id: string }, protocol: string): Promise<FrameStream> {
    const peer = this.#peers.get(id);
    const handler = peer?.handlerOf(protocol);
    if (!handler) throw new BitorchError('PEER_UNREACHABLE', `${id} does not speak ${protocol}`);
    const [ours, theirs] = [new End(id), new End(this.id)];
    [ours.other, theirs.other] = [theirs, ours];
    const stream = theirs as unknown as FrameStream;
    handler(stream).catch(() => theirs.abort());
    return ours as unknown as FrameStream;
  }

  onConnect(met: (id: string) => void): void {
    this.#met.push(met);
  }

  onDisconnect(): void {
    // Nobody leaves.
  }

  handlerOf(protocol: string): Handler | undefined {
    return this.#handlers.get(protocol);
  }

  #meet(other: MemoryHost): void {
    this.#peers.set(other.id, other);
    for (const met of this.#met) met(other.id);
  }
}
