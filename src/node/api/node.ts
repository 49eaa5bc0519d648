/** The node itself: its events, its process, and the access to its API. */
import { z } from '#base';
import { zBlock, zChain } from './chain.ts';
import { zAudit } from './chat.ts';
import { zTime } from './fields.ts';
import { zNetwork } from './network.ts';
import { zSecurity } from './security.ts';
import { zWallet } from './wallet.ts';

/** Events of the node. A view is sent whole: `network` at most twice a second, the others when they have changed. */
export const zNodeEvent = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('network'), network: zNetwork }),
  z.strictObject({ type: z.literal('audit'), audit: zAudit }),
  z.strictObject({ type: z.literal('chain'), chain: zChain }),
  z.strictObject({ type: z.literal('block'), block: zBlock }),
  z.strictObject({ type: z.literal('wallet'), wallet: zWallet }),
  z.strictObject({ type: z.literal('security'), security: zSecurity }),
  /** A conversation was created, changed or deleted. */
  z.strictObject({ type: z.literal('thread'), id: z.string() }),
  z.strictObject({
    type: z.literal('progress'),
    step: z.string(),
    done: z.number(),
    total: z.number(),
    unit: z.enum(['bytes', 'blocks', 'pieces', 'files', 'outputs']),
  }),
]);
export type NodeEvent = z.infer<typeof zNodeEvent>;

/** A new block, or a changed state of chain or wallet. */
export type ChainEvent = Extract<NodeEvent, { type: 'chain' | 'block' | 'wallet' }>;

const zBytes = z.number().int().min(0);
const zMs = z.number().min(0);

/** The node's process. */
export const zProcess = z.strictObject({
  pid: z.number().int(),
  /** Time since the start, in ms. */
  uptimeMs: zMs,
  /** Memory in bytes: resident set, used JavaScript heap, and external buffers. */
  memory: z.strictObject({ rss: zBytes, heapUsed: zBytes, heapTotal: zBytes, external: zBytes }),
  /** How long the node's own work blocked the event loop since the server started, in ms. */
  heldMs: z.strictObject({
    p99: zMs,
    max: zMs,
    counts: z.array(z.strictObject({ upTo: zMs.nullable(), count: z.number().int() })),
    long: z.array(z.strictObject({ at: zMs, ms: zMs })),
  }),
});
export type ProcessView = z.infer<typeof zProcess>;

/** The process that ends, once its work is put down. */
export const zStopping = z.strictObject({ pid: z.number().int() });

/** Scopes of a token: chats; reading everything but the wallet; wallet and stakes; everything. */
export const SCOPES = ['chat', 'read', 'wallet', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** A token as shown to its owner, without the secret, which is shown once at creation. */
export const zToken = z.strictObject({
  name: z.string(),
  scopes: z.array(z.enum(SCOPES)),
  created: zTime,
});
export type TokenView = z.infer<typeof zToken>;

export const zNewToken = z.strictObject({ name: z.string(), scopes: z.array(z.enum(SCOPES)).min(1) });

export const zCreatedToken = zNewToken.extend({ token: z.string() });

const zHash = z.string().regex(/^[0-9a-f]{64}$/);

/** A question whether the server knows a token: docs/api.md, "Access". */
export const zProofQuestion = z.strictObject({ token: zHash, nonce: zHash });

export const zTokenProof = z.strictObject({ proof: zHash });

export const zSession = z.strictObject({ authenticated: z.boolean() });

/** Exchanges the owner's token for a session. */
export const zSignIn = z.strictObject({ token: z.string().min(1).max(1024) });

export const zHealth = z.strictObject({ status: z.literal('ok') });

/** The body of every failed request, in the form that OpenAI's clients expect. */
export const zError = z.strictObject({
  error: z.strictObject({
    message: z.string(),
    type: z.string(),
    /** docs/errors.md lists them. */
    code: z.string(),
    /** The field of the request that is at fault, where one is. */
    param: z.string().nullable(),
  }),
});
export type ErrorBody = z.infer<typeof zError>;
