const GOLDEN = 0x9e3779b97f4a7c15n;
const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);

/**
 * Number `counter` of the uniform sequence in [0, 1) for `seed`: SplitMix64 (Steele, Lea, Flood 2014) at state
 * seed + (counter + 1) · γ, upper 53 bits divided by 2^53.
 */
export function uniform(seed: number, counter: number): number {
  let z = u64(BigInt(seed) + BigInt(counter + 1) * GOLDEN);
  z = u64((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
  z = u64((z ^ (z >> 27n)) * 0x94d049bb133111ebn);
  z ^= z >> 31n;
  return Number(z >> 11n) / 2 ** 53;
}
