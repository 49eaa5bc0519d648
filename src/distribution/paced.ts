import type { OnProgress } from '#base';

const INTERVAL_MS = 100;

/** Passes progress on ten times a second at most, and always the first and the last of a step. */
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
