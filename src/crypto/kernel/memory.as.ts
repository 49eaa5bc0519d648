// @ts-nocheck AssemblyScript, compiled by compile.ts.
// Everything from `heap` on belongs to the host, and to the scratch space of the call that it is in.

export function heap(): usize {
  return (__heap_base + 15) & ~15;
}

/** Grows the memory until it reaches `end`; traps when it may not. */
export function reserve(end: usize): void {
  const missing = <i32>((end + 0xffff) >> 16) - memory.size();
  if (missing > 0 && memory.grow(missing) < 0) unreachable();
}
