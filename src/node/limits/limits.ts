import { BitorchError, type OptionValues } from '#base';
import type { LIMIT_OPTIONS } from '../options/limits.ts';
import { isWithin } from './hours.ts';
import { type Power, readPower } from './power.ts';

export type LimitValues = OptionValues<typeof LIMIT_OPTIONS>;

/** Why the node does nothing for others at the moment; null when it does. */
export type PauseReason = 'hours' | 'battery' | null;

/** How often clock and power are looked at, in ms. */
const LOOK_MS = 15_000;

/** What is limited. */
export interface Limited {
  readonly swarm: { limit(rates: { up: number; down: number }): void; pause(isPaused: boolean): void };
  readonly library: { limitDisk(bytes: number): void };
  /** Absent on a node that runs no blocks. */
  readonly stages: { pause(isPaused: boolean): void } | undefined;
  /** What the machine runs on. */
  readonly power?: () => Promise<Power>;
  readonly now?: () => Date;
}

/** Enforces the owner's limits on a running node: rates and disk space at once, hours and battery by pauses. */
export class Limits {
  readonly #limited: Limited;
  readonly #power: () => Promise<Power>;
  readonly #now: () => Date;
  #values: LimitValues = { pauseOnBattery: false };
  #paused: PauseReason = null;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(limited: Limited) {
    this.#limited = limited;
    this.#power = limited.power ?? readPower;
    this.#now = limited.now ?? (() => new Date());
  }

  get values(): LimitValues {
    return this.#values;
  }

  get paused(): PauseReason {
    return this.#paused;
  }

  power(): Promise<Power> {
    return this.#power();
  }

  /** Throws LIMIT_UNSUPPORTED when this machine cannot enforce one of the limits. */
  async check(values: Pick<LimitValues, 'pauseOnBattery'>): Promise<void> {
    if (values.pauseOnBattery) requireSupported(values, await this.#power());
  }

  /** Applies changed limits at once. Throws LIMIT_UNSUPPORTED; nothing has changed then. */
  async apply(values: LimitValues): Promise<void> {
    await this.check(values);
    const { swarm, library } = this.#limited;
    this.#values = values;
    const bytesOf = (rate: number | undefined) => (rate === undefined ? Infinity : rate * 1000);
    swarm.limit({ up: bytesOf(values.uploadRate), down: bytesOf(values.downloadRate) });
    library.limitDisk(values.diskBytes ?? Infinity);
    await this.#look();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** Pauses or resumes, and looks again later while clock or power matter. */
  async #look(): Promise<void> {
    clearTimeout(this.#timer);
    const values = this.#values;
    const { hours, pauseOnBattery } = values;
    const isOutside = hours !== undefined && !isWithin(hours, this.#now());
    const isOnBattery = pauseOnBattery && (await this.#power()) === 'battery';
    if (this.#stopped || values !== this.#values) return;
    this.#pause(isOutside ? 'hours' : isOnBattery ? 'battery' : null);
    clearTimeout(this.#timer);
    if (hours !== undefined || pauseOnBattery) this.#timer = setTimeout(() => void this.#look(), LOOK_MS);
  }

  #pause(reason: PauseReason): void {
    const isPaused = reason !== null;
    if (isPaused !== (this.#paused !== null)) {
      this.#limited.swarm.pause(isPaused);
      this.#limited.stages?.pause(isPaused);
    }
    this.#paused = reason;
  }
}

/** Throws LIMIT_UNSUPPORTED when a machine that says this of its power cannot enforce one of the limits. */
export function requireSupported(
  { pauseOnBattery }: Pick<LimitValues, 'pauseOnBattery'>,
  power: Power,
): void {
  if (!pauseOnBattery || power !== 'unknown') return;
  throw new BitorchError(
    'LIMIT_UNSUPPORTED',
    'pauseOnBattery works on Linux only: this system does not tell whether it runs on battery. Use hours instead',
  );
}
