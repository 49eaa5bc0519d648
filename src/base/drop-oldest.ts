/** Drops the entries that were inserted first until a map or set has at most `max`. */
export function dropOldest(entries: Map<unknown, unknown> | Set<unknown>, max: number): void {
  for (const key of entries.keys()) {
    if (entries.size <= max) return;
    entries.delete(key);
  }
}
