/** Maximum event streams per token or session: each receives whole views at every change. */
const MAX_STREAMS = 16;

/** The open event streams per client. */
export class EventStreams {
  readonly #open = new Map<string, Set<AbortController>>();

  /** Opens a stream. The returned signal aborts when its client has `gone`, or when newer streams of the same client replace it. */
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
