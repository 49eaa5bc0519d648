/** Time and timers of a part that can also run in virtual time. */
export interface Clock {
  /** Milliseconds since epoch. */
  date(): number;
  /** Milliseconds that only go on. */
  now(): number;
  /** Calls `work` once after `ms` milliseconds, unless the returned function is called before. */
  after(ms: number, work: () => void): () => void;
}

/** The machine's own time. Its timers do not keep the process alive. */
export const SYSTEM_CLOCK: Clock = {
  date: () => Date.now(),
  now: () => performance.now(),
  after: (ms, work) => {
    const timer = setTimeout(work, ms).unref();
    return () => clearTimeout(timer);
  },
};
