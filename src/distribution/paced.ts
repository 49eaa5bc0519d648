import type { OnProgress } from '#base';

const INTERVAL_MS = 100;

/** Limits progress reports to ten per second; the first and last of each step are always passed on. */
export function paced(onProgress: OnProgress): OnProgress {
  let [step, last] = ['', 0];
  return (progress) => {
    const now = performance.now();
    const isBorder = progress.step !== step || progress.done === progress.total;
    if (!isBorder && now - last < INTERVAL_MS) return;
    [step, last] = [progress.step, now];
    onProgress(progress);
  };
}
