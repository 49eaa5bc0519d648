import { BitorchError, type OnProgress } from '#base';
import type { Torrent } from '#distribution';

const LOOK_MS = 1_000;
/** Below this nothing comes, unless it makes a piece whole. */
const LEAST_BYTES_PER_SECOND = 32 << 10;
/** A fetch to which nothing comes for so long has stalled. */
export const STALL_MS = 60_000;
/** And one that has brought none yet. */
export const FIRST_MS = 20_000;

export type FetchedTorrent = Pick<Torrent, 'metainfo' | 'want' | 'wait' | 'progress'>;

interface FetchOptions {
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal;
}

/**
 * Fetches all files of a torrent for as long as data arrives. Throws FETCH_STALLED when none does, or the reason of `signal`; data
 * that has arrived stays.
 */
export async function fetchWhole(
  torrent: FetchedTorrent,
  { onProgress, signal }: FetchOptions,
): Promise<void> {
  const files = torrent.metainfo.files.filter(({ length }) => length > 0);
  const ranges = files.map(({ path, length }) => ({ file: path, offset: 0, length }));
  const stopped = new AbortController();
  torrent.want(ranges);
  const begin = torrent.progress().bytesWantedHave;
  let [have, idleMs, hasBegun] = [begin, 0, begin > 0];
  const look = () => {
    const { bytesWantedHave, bytesWanted, downBytesPerSecond } = torrent.progress();
    onProgress({ step: 'fetching', done: bytesWantedHave, total: bytesWanted, unit: 'bytes' });
    const comes = bytesWantedHave > have || downBytesPerSecond >= LEAST_BYTES_PER_SECOND;
    idleMs = comes ? 0 : idleMs + LOOK_MS;
    have = bytesWantedHave;
    hasBegun ||= bytesWantedHave > begin;
    if (idleMs >= (hasBegun ? STALL_MS : FIRST_MS)) stopped.abort(stalled(idleMs));
  };
  const timer = setInterval(look, LOOK_MS);
  try {
    await torrent.wait(ranges, AbortSignal.any([signal, stopped.signal]));
  } catch (error) {
    signal.throwIfAborted();
    throw stopped.signal.aborted ? stopped.signal.reason : error;
  } finally {
    clearInterval(timer);
  }
}

const stalled = (ms: number) =>
  new BitorchError('FETCH_STALLED', `no data arrived for ${ms / 1000} s; it is retried later`);
