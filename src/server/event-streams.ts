/** Of one token or session at a time: each stream is sent whole views at every change. */
const MAX_STREAMS = 16;

/** The event streams that are open, by who opened them. */
export class EventStreams {
  readonly #open = new Map<string, Set<AbortController>>();

  /** The life of one more stream: until its client has `gone`, or newer ones of the same holder take its place. */
  begin(holder: string, gone: AbortSignal): AbortSignal {
    const own = this.#open.get(holder) ?? new Set<AbortController>();
    this.#open.set(holder, own);
    const place = new AbortController();
    own.add(place);
    const [oldest] = own;
    if (own.size > MAX_STREAMS && own.delete(oldest!)) oldest!.abort();
    const end = () => {
      own.delete(place);
      if (own.size === 0) this.#open.delete(holder);
    };
    gone.addEventListener('abort', end, { once: true });
    return AbortSignal.any([gone, place.signal]);
  }
}
