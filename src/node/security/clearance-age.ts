/** A clearance is requested again after this long without confirmation, in ms: the authority may have revoked it. */
export const CLEARANCE_AGE_MS = 6 * 3_600_000;

interface RecheckPorts {
  /** Ids of the models that are cleared here. */
  readonly cleared: () => readonly string[];
  readonly now?: () => number;
}

/** When authorities last confirmed what is cleared. After a restart nothing is confirmed: much may have been missed. */
export class ClearanceAge {
  readonly #ports: RecheckPorts;
  readonly #confirmedAt = new Map<string, number>();

  constructor(ports: RecheckPorts) {
    this.#ports = ports;
  }

  /** Clearances that are too old to go by without asking, the oldest first. */
  due(): string[] {
    const cleared = this.#ports.cleared();
    const known = new Set(cleared);
    for (const id of this.#confirmedAt.keys()) if (!known.has(id)) this.#confirmedAt.delete(id);
    const latest = this.#now() - CLEARANCE_AGE_MS;
    const confirmedAt = (id: string) => this.#confirmedAt.get(id) ?? Number.NEGATIVE_INFINITY;
    return cleared.filter((id) => confirmedAt(id) <= latest).sort((a, b) => confirmedAt(a) - confirmedAt(b));
  }

  /** An authority has just said what it knows of these. */
  confirm(ids: readonly string[]): void {
    const now = this.#now();
    for (const id of ids) this.#confirmedAt.set(id, now);
  }

  #now(): number {
    return (this.#ports.now ?? Date.now)();
  }
}
