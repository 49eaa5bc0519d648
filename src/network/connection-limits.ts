/** Limits on connections: per peer, per address (loopback excepted), and in total. */
const MAX_OF_PEER = 4;
const MAX_OF_ORIGIN = 64;
export const MAX_CONNECTIONS = 256;

/** The facts about a connection that admission uses. */
export interface LimitedConnection {
  readonly peer: string;
  /** The address group; on loopback, the peer id. */
  readonly origin: string;
  /** Open streams: connections in use are kept longest. */
  readonly streams: number;
  /** Milliseconds since epoch. */
  readonly openedAt: number;
}

/**
 * The connections to close: those over the limit of a peer or an address, and, over the total limit, those of the origin
 * that has most. Within these the ones with the fewest streams go first, then the newest.
 */
export function excessConnections<T extends LimitedConnection>(places: readonly T[]): T[] {
  const leaving = new Set<T>();
  const staying = () => places.filter((place) => !leaving.has(place));
  const worstFirst = (a: T, b: T) => a.streams - b.streams || b.openedAt - a.openedAt;
  const cut = (some: readonly T[], limit: number) => {
    for (const place of [...some].sort(worstFirst).slice(0, Math.max(0, some.length - limit)))
      leaving.add(place);
  };
  for (const some of grouped(staying(), 'peer').values()) cut(some, MAX_OF_PEER);
  for (const some of grouped(staying(), 'origin').values()) cut(some, MAX_OF_ORIGIN);
  for (let left = staying(); left.length > MAX_CONNECTIONS; left = staying()) {
    const largest = Math.max(...[...grouped(left, 'origin').values()].map((some) => some.length));
    const crowded = [...grouped(left, 'origin').values()].filter((some) => some.length === largest).flat();
    leaving.add(crowded.sort(worstFirst)[0]!);
  }
  return [...leaving];
}

function grouped<T extends LimitedConnection>(places: readonly T[], by: 'peer' | 'origin'): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const place of places) groups.set(place[by], [...(groups.get(place[by]) ?? []), place]);
  return groups;
}
