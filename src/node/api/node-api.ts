/**
 * The node's API for server, terminal and page. Types only, all of them plain JSON, so that the page can import them and HTTP
 * can carry them unchanged.
 */

import type { ChainEvent, ChainView, StakeApi, WalletApi } from './chain-api.ts';
import type { ReportView, SafetyState, SecurityEvent, SecurityView } from './security-api.ts';

export type * from './chain-api.ts';
export type * from './security-api.ts';

export interface ChatMessage {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

export interface ChatRequest {
  /** Model id or name; the node's only model when absent. */
  model?: string;
  messages: ChatMessage[];
  /** Maximum tokens to generate; 1,024 when absent. */
  maxTokens?: number;
  /** 0 = greedy. */
  temperature?: number;
  topK?: number;
  /** 0 … 1; 0 keeps the likeliest token only. */
  topP?: number;
  /** 0 … 1 of the likeliest token's probability. */
  minP?: number;
  /** Added to the logits of these token ids; `null` bans a token. */
  logitBias?: (readonly [id: number, bias: number | null])[];
  /** Applies to prompt and answer, or to the last `repetitionWindow` tokens of both; 1 has no effect. */
  repetitionPenalty?: number;
  repetitionWindow?: number;
  /** As in OpenAI's API; apply to the answer. */
  frequencyPenalty?: number;
  presencePenalty?: number;
  seed?: number;
  stop?: string[];
  /** Number of likeliest tokens to return at each position; no probabilities when absent. */
  logprobs?: number;
}

/** A token and its probability under the model, before sampling options are applied. */
export interface TokenLogprob {
  text: string;
  /** UTF-8 bytes of the token; `text` has U+FFFD for incomplete characters. */
  bytes: number[];
  /** Natural logarithm. */
  logprob: number;
}

export interface ChosenTokenView extends TokenLogprob {
  likeliest: TokenLogprob[];
}

/** One stage of the route that an answer takes. */
export interface Hop {
  nodeId: string;
  name: string;
  /** Blocks [first, end). */
  first: number;
  end: number;
}

export interface AuditResult {
  answerId: string;
  state: 'pending' | 'passed' | 'failed' | 'unavailable';
  /** The stage that was audited and the node that re-executed it. */
  stage?: Hop;
  auditor?: { nodeId: string; name: string };
  /** Positions [from, to) of the audited chunk. */
  from?: number;
  to?: number;
  /** Hash that the stage signed and hash that the auditor computed, hexadecimal. */
  signed?: string;
  recomputed?: string;
  /** One sentence for display. */
  summary: string;
}

/** `repetition`: the answer was cut off because it kept repeating itself. */
export type FinishReason = 'stop' | 'length' | 'repetition' | 'cancelled';

/** Events of one answer, in this order: route, prefill*, token*, done. An error may be thrown at any point. */
export type ChatEvent =
  | { type: 'route'; answerId: string; model: string; hops: Hop[] }
  | { type: 'prefill'; done: number; total: number }
  /** `chosen`: the tokens since the previous event, if probabilities were requested. */
  | { type: 'token'; text: string; chosen?: ChosenTokenView[] }
  | {
      type: 'done';
      reason: FinishReason;
      promptTokens: number;
      completionTokens: number;
      timeToFirstTokenMs: number;
      tokensPerSecond: number;
    };

export interface ModelView {
  id: string;
  name: string;
  version: number;
  licence: string;
  publisher: string;
  infohash: string;
  bytes: number;
  layers: number;
  context: number;
  /** Whether every block is served by a reachable node now. */
  available: boolean;
  /** Whether it may be shared and run for others. */
  safety: SafetyState;
}

/** How much of a model a node holds, and which blocks it runs. */
export interface HoldingView {
  modelId: string;
  bytesHave: number;
  bytesTotal: number;
  /** Blocks [first, end) that the node runs; absent for a node that only seeds. */
  blocks?: { first: number; end: number };
}

export type Role = 'seed' | 'run' | 'audit' | 'client' | 'validate' | 'security';

export interface NodeView {
  id: string;
  name: string;
  roles: Role[];
  state: 'online' | 'unreachable';
  /** Milliseconds since epoch of the last sign of life. */
  lastSeen: number;
  self: boolean;
  holdings: HoldingView[];
}

/** This node's own transfers of one model. */
export interface TransferView {
  modelId: string;
  infohash: string;
  name: string;
  bytesHave: number;
  bytesTotal: number;
  /** Whether every file is complete and has the manifest's SHA-256. */
  verified: boolean;
  downBytesPerSecond: number;
  upBytesPerSecond: number;
  /** Payload bytes by peer, as measured by this node. */
  peers: { nodeId: string; name: string; downloaded: number; uploaded: number }[];
}

/** A problem of the node that its owner can fix, in words for display. */
export interface NoticeView {
  code: string;
  message: string;
  /** Milliseconds since epoch. */
  since: number;
}

export interface NetworkView {
  self: { id: string; name: string };
  notices: NoticeView[];
  nodes: NodeView[];
  models: ModelView[];
  transfers: TransferView[];
}

/** Events of the node. `network` carries a whole new view, at most twice a second. */
export type NodeEvent =
  | { type: 'network'; network: NetworkView }
  | { type: 'audit'; audit: AuditResult }
  | ChainEvent
  | SecurityEvent
  | {
      type: 'progress';
      step: string;
      done: number;
      total: number;
      unit: 'bytes' | 'blocks' | 'pieces' | 'files' | 'outputs';
    };

export interface NodeApi {
  models(): ModelView[];
  network(): NetworkView;
  /** The bytes of a model's .torrent file; undefined for an unknown model. */
  metainfo(modelId: string): Uint8Array | undefined;
  /** Throws BitorchError with a code of docs/errors.md. Stops at once when `signal` aborts. */
  chat(request: ChatRequest, signal: AbortSignal): AsyncIterable<ChatEvent>;
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
  /** Ends when `signal` aborts. */
  events(signal: AbortSignal): AsyncIterable<NodeEvent>;
}
