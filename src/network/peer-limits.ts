import type { Limits } from './budget.ts';

/** Limits for `peers` peers that make full use of this node: memory held, bytes received, CPU time. */
const limitsOf = (peers: number): Limits => ({
  heldBytes: peers * (256 << 20),
  bytesPerSecond: peers * (4 << 20),
  burstBytes: peers * (32 << 20),
  cpuMsPerSecond: peers * 100,
  burstCpuMs: peers * 1_000,
});

export const PEER_LIMITS = { peer: limitsOf(1), address: limitsOf(2), all: limitsOf(4) };
