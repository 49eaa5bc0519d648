/**
 * Who proposes: CometBFT's weighted round robin. Each step adds to everyone's priority its power and takes the whole
 * power from the one who then is highest, whose turn it is. Over time each has turns in proportion to its power.
 */

export interface Validator {
  readonly key: Uint8Array;
  readonly power: number;
  /** A whole number within ±2^51. */
  readonly priority: number;
}

/** Priorities lie at most this many times the whole power apart. */
const WINDOW = 2;

export interface Turn {
  readonly validators: readonly Validator[];
  /** Place of the one whose turn it is. */
  readonly proposer: number;
}

/** One step; ties go to the smaller key, so `validators` have to be in the order of their keys. */
export function takeTurn(validators: readonly Validator[], totalPower: number): Turn {
  const raised = settle(validators, totalPower).map((one) => one.priority + one.power);
  let proposer = 0;
  for (let i = 1; i < raised.length; i++) if (raised[i]! > raised[proposer]!) proposer = i;
  raised[proposer]! -= totalPower;
  return { validators: validators.map((one, i) => ({ ...one, priority: raised[i]! })), proposer };
}

/** Scales the priorities into the window, then moves their mean to zero. Divisions as in Go: towards zero; floored. */
export function settle(validators: readonly Validator[], totalPower: number): readonly Validator[] {
  const priorities = validators.map((one) => one.priority);
  const spread = Math.max(...priorities) - Math.min(...priorities);
  const window = WINDOW * totalPower;
  const ratio = spread > window ? Math.floor((spread + window - 1) / window) : 1;
  // Plus zero: there is one zero only.
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

/** What a newcomer starts with: so far behind that leaving and coming back gains nobody a turn. */
export const newcomerPriority = (totalPower: number): number => -(totalPower + Math.floor(totalPower / 8));
