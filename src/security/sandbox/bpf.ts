/** A minimal assembler for classic BPF as seccomp runs it (linux/filter.h, linux/seccomp.h). */

/** One instruction: struct sock_filter of linux/filter.h. */
export interface Instruction {
  readonly code: number;
  readonly jt: number;
  readonly jf: number;
  readonly k: number;
}

const LOAD_WORD_ABSOLUTE = 0x20;
const JUMP_EQUAL = 0x15;
const JUMP_GREATER_OR_EQUAL = 0x35;
const AND = 0x54;
const RETURN = 0x06;

/** Actions of a filter: SECCOMP_RET_* of linux/seccomp.h. */
export const ALLOW = 0x7fff0000;
export const KILL = 0x80000000;
/** Makes the call fail with `errno` (errno.h). */
export const refuse = (errno: number): number => 0x00050000 | errno;

/** Loads one 32-bit word of struct seccomp_data: the call number, the architecture or half of an argument. */
const load = (offset: number): Instruction => ({ code: LOAD_WORD_ABSOLUTE, jt: 0, jf: 0, k: offset });
export const loadNumber: Instruction = load(0);
export const loadArchitecture: Instruction = load(4);
/** Loads the lower half of argument `n`. Flags and small integers fit in it; the upper half may hold garbage. */
export const loadArgument = (n: number): Instruction => load(16 + 8 * n);

/** Masks the loaded word. */
export const and = (mask: number): Instruction => ({ code: AND, jt: 0, jf: 0, k: mask });
/** Ends the filter with an action. */
export const returnAction = (action: number): Instruction => ({ code: RETURN, jt: 0, jf: 0, k: action });

/** Runs `then` if the loaded word equals `value`; otherwise skips it. */
export const whenEqual = (value: number, then: readonly Instruction[]): Instruction[] => [
  { code: JUMP_EQUAL, jt: 0, jf: then.length, k: value },
  ...then,
];

/** Runs `then` if the loaded word differs from `value`; otherwise skips it. */
export const unlessEqual = (value: number, then: readonly Instruction[]): Instruction[] => [
  { code: JUMP_EQUAL, jt: then.length, jf: 0, k: value },
  ...then,
];

/** Runs `then` if the loaded word is at least `value`; otherwise skips it. */
export const whenAtLeast = (value: number, then: readonly Instruction[]): Instruction[] => [
  { code: JUMP_GREATER_OR_EQUAL, jt: 0, jf: then.length, k: value },
  ...then,
];

/**
 * Encodes a program as an array of struct sock_filter (u16 code, u8 jt, u8 jf, u32 k, little-endian). Throws
 * RangeError for more than 4,096 instructions or a jump over more than 255.
 */
export function assemble(program: readonly Instruction[]): Uint8Array {
  if (program.length > 4096)
    throw new RangeError(`filter has ${program.length} instructions; the limit is 4096`);
  const bytes = new Uint8Array(8 * program.length);
  const view = new DataView(bytes.buffer);
  program.forEach(({ code, jt, jf, k }, i) => {
    if (jt > 255 || jf > 255) throw new RangeError(`instruction ${i} jumps over more than 255 instructions`);
    view.setUint16(8 * i, code, true);
    view.setUint8(8 * i + 2, jt);
    view.setUint8(8 * i + 3, jf);
    view.setUint32(8 * i + 4, k, true);
  });
  return bytes;
}
