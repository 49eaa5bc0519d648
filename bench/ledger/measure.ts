/**
 * Milliseconds that one call takes: the best of many short series, as other work disturbs the rest. At least one is
 * run. Wall-clock time: a thread's own clock is too coarse here.
 */
export function measure(work: () => unknown, seconds: number): number {
  const end = performance.now() + 1000 * seconds;
  work();
  let best = Number.POSITIVE_INFINITY;
  do {
    const start = performance.now();
    let calls = 0;
    while (performance.now() - start < 5 || calls === 0) {
      work();
      calls++;
    }
    best = Math.min(best, (performance.now() - start) / calls);
  } while (performance.now() < end);
  return best;
}
