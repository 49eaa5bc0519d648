/**
 * The node's API for server, terminal and page: plain JSON, one slice a file with a schema for every request and response, from
 * which the types are inferred. The page imports the types only.
 */

import type { ChainView } from './chain.ts';
import type { AuditResult, ChatEvent, ChatRequest } from './chat.ts';
import type { DoctorView } from './doctor.ts';
import type { ModelView } from './models.ts';
import type { NetworkView } from './network.ts';
import type { NodeEvent } from './node.ts';
import type { ReportView, SecurityView } from './security.ts';
import type { SettingsChange, SettingsChanged, SettingsView } from './settings.ts';
import type { SetupApi } from './setup.ts';
import type { StakeApi } from './stake.ts';
import type { ThreadsApi } from './threads.ts';
import type { WalletApi } from './wallet.ts';

export type * from './chain.ts';
export type * from './chat.ts';
export type * from './doctor.ts';
export type * from './models.ts';
export type * from './network.ts';
export type * from './node.ts';
export type * from './security.ts';
export type * from './settings.ts';
export type * from './setup.ts';
export type * from './stake.ts';
export type * from './threads.ts';
export type * from './wallet.ts';

export interface NodeApi {
  models(): ModelView[];
  network(): NetworkView;
  /** A new invite to this node's network. Throws NETWORK_NONE, INVITE_UNREACHABLE, INVITE_TOO_LONG. */
  invite(): string;
  /**
   * Joins the network of an invite; the node is part of it from its next start on. Throws INVITE_INVALID, INVITE_EXPIRED,
   * INVITE_OUTDATED, INVITE_FOREIGN and JOIN_UNREACHABLE; INVITE_RISKY unless `acceptRisks` is set.
   */
  join(invite: string, options?: { acceptRisks?: boolean }): Promise<void>;
  /** What the node does and what it may use. */
  settings(): Promise<SettingsView>;
  /**
   * Changes roles and limits, in config.json and of the running node; other roles need a restart. Throws SETTING_FIXED,
   * LIMIT_UNSUPPORTED, CONFIG_INVALID, DISK_FULL; nothing has changed then.
   */
  changeSettings(change: SettingsChange): Promise<SettingsChanged>;
  /** The first-run setup. */
  setup(): SetupApi;
  /** The bytes of a model's .torrent file; undefined for an unknown model. */
  metainfo(modelId: string): Uint8Array | undefined;
  /** Throws BitorchError with a code of docs/errors.md. Stops at once when `signal` aborts. */
  chat(request: ChatRequest, signal: AbortSignal): AsyncIterable<ChatEvent>;
  /** The conversations that this node keeps; undefined on a node without the role "client". */
  threads?(): ThreadsApi | undefined;
  /** The audit of an answer given by this node, undefined for an unknown answer. */
  audit(answerId: string): AuditResult | undefined;
  /** The safety of the models known to this node. */
  security(): SecurityView;
  /** The whole report with this hash (hexadecimal), undefined when this node does not have it. */
  report(hash: string): Promise<ReportView | undefined>;
  /** The chain as this node sees it; undefined on a node that follows none. */
  chain(): ChainView | undefined;
  /** Undefined on a node that follows no chain. */
  wallet(): WalletApi | undefined;
  /** The bond of this node's validator. Absent in a node that follows no chain. */
  stake?(): StakeApi | undefined;
  /**
   * Answers a wallet's query to this node's chain, encoded as in docs/protocol/ledger.md. Absent on a node without a chain.
   */
  walletChain?(question: string, bytes: Uint8Array): Promise<Uint8Array>;
  /** Examines this node and its machine. */
  doctor(): Promise<DoctorView>;
  /** Ends when `signal` aborts. */
  events(signal: AbortSignal): AsyncIterable<NodeEvent>;
}
