import type { Logger, ReplaceFile } from '#base';
import type { SigningKey } from '#crypto';
import type { Equivocation } from '#ledger';
import type { Contacts, Host } from '#network';
import type { Application, Genesis, ValidatorPower } from './application/index.ts';
import type { VerifySignatures } from './blocks/index.ts';
import type { LogFile } from './journal/index.ts';
import type { Checkpoint } from './light/index.ts';
import type { FinalBlock } from './loop/index.ts';

export interface ChainOptions {
  /** Folder of this node's chain: blocks, journal, last signature. */
  readonly home: string;
  /** The genesis file and its parsed content. */
  readonly genesisFile: Uint8Array;
  readonly genesis: Genesis;
  /** Largest difference accepted between a proposal's time and our clock, in ms. */
  readonly clockToleranceMs?: number;
  /** How long a validator that has left can still be held accountable, in ms: less than the unbonding time. */
  readonly trustingPeriodMs?: number;
  /**
   * Lag in blocks beyond which a node without blocks starts from a snapshot, and one without a recent trusted block
   * refuses to sync.
   */
  readonly snapshotLag?: number;
  /** A block that the operator vouches for: forks count only above it, and a chain without it is not followed. */
  readonly checkpoint?: Checkpoint | undefined;
  /** Number of blocks kept on disk; all when absent. */
  readonly keepBlocks?: number;
  /** How long the next block waits for a transaction after many empty ones, in ms; not at all when absent. */
  readonly restMs?: number | undefined;
}

export interface ChainDependencies {
  readonly host: Host;
  /** Keep the node connected with the nodes of the chain; those that are configured have reserved slots. */
  readonly contacts: Pick<Contacts, 'configured' | 'metOnChain'>;
  readonly application: Application;
  /** The consensus key; a node without one only follows. */
  readonly key?: SigningKey | undefined;
  readonly log: Logger;
  /** Milliseconds since epoch. */
  readonly now?: () => number;
  readonly verify?: VerifySignatures;
  /**
   * The validators of the first block, for when the application must stay empty for a snapshot. Without it all
   * blocks are replayed.
   */
  readonly firstValidators?: () => Promise<readonly ValidatorPower[]>;
  /** Makes the evidence transaction for a double signature. */
  readonly accuse?: (evidence: Equivocation) => Uint8Array;
  /** Opens the journal's files. */
  readonly openLogFile?: (path: string) => LogFile;
  readonly replaceFile?: ReplaceFile;
}

/**
 * A block that has become final on this node; `finalityMs` since its proposal was first seen, absent for a fetched
 * block.
 */
export interface NewBlock extends FinalBlock {
  readonly finalityMs: number | undefined;
}

export interface ChainStatus {
  /** Height of the last block. */
  readonly height: number;
  readonly round: number;
  /** Highest block that a peer reports. */
  readonly bestHeight: number;
  /**
   * `starting` until the last state is restored; then `syncing` while a peer is more than two blocks ahead, else `following`.
   * `halted`, for good, after a fork or an error of the program.
   */
  readonly state: 'starting' | 'syncing' | 'following' | 'halted';
  /** Why nothing is decided, or blocks of peers are not taken over, and what to do about it. */
  readonly problem: string | undefined;
  readonly peers: number;
  readonly mempool: { readonly transactions: number; readonly bytes: number };
}
