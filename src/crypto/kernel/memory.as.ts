// @ts-nocheck AssemblyScript, compiled by compile.ts.
// Memory from `heap` on belongs to the host, followed by the scratch space of the current call.

export function heap(): usize {
  return (__heap_base + 15) & ~15;
}

/** Grows the memory to at least `end` bytes; traps when it cannot. */
export function reserve(end: usize): void {
  const missing = <i32>((end + 0xffff) >> 16) - memory.size();
  if (missing > 0 && memory.grow(missing) < 0) unreachable();
}
