import type { Logger } from '#base';
import type { SigningKey } from '#crypto';
import type { Equivocation } from '#ledger';
import type { Host } from '#network';
import type { Application, Genesis, ValidatorPower } from './application/index.ts';
import type { VerifySignatures } from './blocks/index.ts';
import type { Contact } from './contacts.ts';
import type { LogFile, ReplaceFile } from './journal/index.ts';
import type { Checkpoint } from './light/index.ts';
import type { FinalBlock } from './loop/index.ts';

export interface ChainOptions {
  /** Folder of this node's chain: blocks, journal, last signature. */
  readonly home: string;
  /** The genesis file and what it says. */
  readonly genesisFile: Uint8Array;
  readonly genesis: Genesis;
  /** Nodes to stay connected with. */
  readonly contacts?: readonly Contact[];
  /** A proposal's time may be this far from our clock. */
  readonly clockToleranceMs?: number;
  /** How long a validator that has left still answers for what it signed: below the unbonding time. */
  readonly trustingPeriodMs?: number;
  /** Further behind than this, a node without any block begins from a snapshot, and one that trusts nothing recent stays. */
  readonly snapshotLag?: number;
  /** A block that somebody vouches for: forks count above it only, and a chain without it is not followed. */
  readonly checkpoint?: Checkpoint | undefined;
  /** Blocks that stay on the disk; all of them when absent. */
  readonly keepBlocks?: number;
  /** How long, in ms, the next block waits for a transaction after many without one; not at all when absent. */
  readonly restMs?: number | undefined;
}

export interface ChainDependencies {
  readonly host: Host;
  readonly application: Application;
  /** The consensus key; a node without one follows. */
  readonly key?: SigningKey | undefined;
  readonly log: Logger;
  /** Milliseconds since epoch. */
  readonly now?: () => number;
  readonly verify?: VerifySignatures;
  /** Who votes on the first block, where the application must stay empty for a snapshot: without it blocks are run through. */
  readonly firstValidators?: () => Promise<readonly ValidatorPower[]>;
  /** Makes a transaction of evidence that a validator signed twice. */
  readonly accuse?: (evidence: Equivocation) => Uint8Array;
  /** What the journal writes with. */
  readonly openLogFile?: (path: string) => LogFile;
  readonly replaceFile?: ReplaceFile;
}

/** A block that has become final here; `finalityMs` since its proposal was first seen, absent for one that was fetched. */
export interface NewBlock extends FinalBlock {
  readonly finalityMs: number | undefined;
}

export interface ChainStatus {
  /** Of the last block. */
  readonly height: number;
  readonly round: number;
  /** The last block that a peer says it has. */
  readonly bestHeight: number;
  readonly state: 'starting' | 'syncing' | 'following' | 'halted';
  readonly problem: string | undefined;
  readonly peers: number;
  readonly mempool: { readonly transactions: number; readonly bytes: number };
}
