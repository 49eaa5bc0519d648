import type { Progress } from '#base';

const BAR_WIDTH = 24;
const REDRAW_MS = 100;
/** Without a terminal, progress is printed in this many steps. */
const PLAIN_STEPS = 4;

interface Row {
  readonly step: string;
  readonly startedAt: number;
  readonly startedWith: number;
  progress: Progress;
  plainStep: number;
}

/** Live progress bars, one line per node, with rate and time left; plain lines when output is not a terminal. */
export class ProgressBoard {
  readonly #out: NodeJS.WriteStream;
  readonly #rows = new Map<string, Row>();
  #drawnLines = 0;
  #drawnAt = 0;

  constructor(out: NodeJS.WriteStream = process.stdout) {
    this.#out = out;
  }

  update(name: string, progress: Progress): void {
    const known = this.#rows.get(name);
    const row =
      known?.step === progress.step
        ? known
        : {
            step: progress.step,
            startedAt: performance.now(),
            startedWith: progress.done,
            progress,
            plainStep: -1,
          };
    row.progress = progress;
    this.#rows.set(name, row);
    if (this.#out.isTTY) this.#draw(progress.done === progress.total);
    else this.#writePlain(name, row);
  }

  /** Prints a permanent line above the bars. */
  print(line: string): void {
    this.#erase();
    this.#out.write(`${line}\n`);
    if (this.#out.isTTY) this.#draw(true);
  }

  /** Leaves the last state of the bars on the screen and forgets them. */
  close(): void {
    if (this.#out.isTTY) this.#draw(true);
    this.#rows.clear();
    this.#drawnLines = 0;
  }

  #draw(now: boolean): void {
    if (!now && performance.now() - this.#drawnAt < REDRAW_MS) return;
    this.#erase();
    this.#drawnAt = performance.now();
    for (const [name, row] of this.#rows) this.#out.write(`${formatRow(name, row)}\n`);
    this.#drawnLines = this.#rows.size;
  }

  #erase(): void {
    if (this.#drawnLines > 0) this.#out.write(`\x1b[${this.#drawnLines}A\x1b[0J`);
    this.#drawnLines = 0;
  }

  #writePlain(name: string, row: Row): void {
    const { done, total } = row.progress;
    const step = total > 0 ? Math.floor((PLAIN_STEPS * done) / total) : 0;
    if (step === row.plainStep) return;
    row.plainStep = step;
    this.#out.write(`${formatRow(name, row)}\n`);
  }
}

function formatRow(name: string, { progress, startedAt, startedWith }: Row): string {
  const { step, done, total, unit } = progress;
  const share = total > 0 ? done / total : 0;
  const filled = Math.round(share * BAR_WIDTH);
  const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
  const seconds = (performance.now() - startedAt) / 1000;
  const rate = seconds > 0.05 ? (done - startedWith) / seconds : 0;
  const left = done < total && rate > 0 ? `ETA ${formatSeconds((total - done) / rate)}` : '';
  const percent = `${Math.floor(share * 100)} %`.padStart(5);
  const amount = `${formatAmount(done, unit)} / ${formatAmount(total, unit)}`;
  const speed = rate > 0 ? `${formatAmount(rate, unit)}/s` : '';
  return `  ${name.padEnd(9)} ${step.padEnd(24)} ${bar} ${percent}  ${amount.padEnd(20)} ${speed.padEnd(12)} ${left}`.trimEnd();
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value.toFixed(0) : value.toFixed(1)} ${units[unit]}`;
}

const formatAmount = (amount: number, unit: Progress['unit']): string =>
  unit === 'bytes' ? formatBytes(amount) : `${amount.toFixed(0)} ${unit}`;

const formatSeconds = (seconds: number): string =>
  seconds < 60 ? `${Math.ceil(seconds)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
