/**
 * Proposer selection: CometBFT's weighted round robin. Each step adds to every validator's priority its power, then
 * subtracts the total power from the highest one, which proposes. Over time validators propose in proportion to
 * their power.
 */

export interface Validator {
  readonly key: Uint8Array;
  readonly power: number;
  /** An integer within ±2^51. */
  readonly priority: number;
}

/** Largest spread of priorities, as a multiple of the total power. */
const WINDOW = 2;

export interface Turn {
  readonly validators: readonly Validator[];
  /** Place of the proposer. */
  readonly proposer: number;
}

/** One step. Ties go to the smaller key, so `validators` must be ordered by key. */
export function takeTurn(validators: readonly Validator[], totalPower: number): Turn {
  const raised = settle(validators, totalPower).map((one) => one.priority + one.power);
  let proposer = 0;
  for (let i = 1; i < raised.length; i++) if (raised[i]! > raised[proposer]!) proposer = i;
  raised[proposer]! -= totalPower;
  return { validators: validators.map((one, i) => ({ ...one, priority: raised[i]! })), proposer };
}

/**
 * Scales the priorities into the window, then centres them on zero. Rounding as in Go: truncated when scaling,
 * floored for the mean.
 */
export function settle(validators: readonly Validator[], totalPower: number): readonly Validator[] {
  const priorities = validators.map((one) => one.priority);
  const spread = Math.max(...priorities) - Math.min(...priorities);
  const window = WINDOW * totalPower;
  const ratio = spread > window ? Math.floor((spread + window - 1) / window) : 1;
  // Adding zero turns −0 into 0.
  const scaled = priorities.map((priority) => Math.trunc(priority / ratio) + 0);
  const mean = floorMean(scaled);
  return validators.map((one, i) => ({ ...one, priority: scaled[i]! - mean }));
}

function floorMean(values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + BigInt(value), 0n);
  const count = BigInt(values.length);
  const quotient = sum / count;
  return Number(sum < 0n && quotient * count !== sum ? quotient - 1n : quotient);
}

/** Initial priority of a new validator: so low that leaving and rejoining gains no turn. */
export const newcomerPriority = (totalPower: number): number => -(totalPower + Math.floor(totalPower / 8));
