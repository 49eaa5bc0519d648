import { availableParallelism } from 'node:os';
import { z, zCount } from '#base';

const port = z.number().int().min(0).max(65_535);

/** All settings of a node; flags, environment and config file are merged into these. */
export const nodeOptionsSchema = z.strictObject({
  /** Data directory of this node. */
  home: z.string().min(1),
  /** Display name; derived from the node id when empty. */
  name: z.string().max(64).default(''),
  roles: z.array(z.enum(['seed', 'run', 'audit', 'client', 'validate', 'security'])).min(1),
  /** Multiaddrs for the peer-to-peer network. */
  listen: z.array(z.string().max(256)).min(1).default(['/ip4/127.0.0.1/tcp/0']),
  /** TCP port of direct links for sessions, on the addresses of `listen`; 0 = any. */
  linkPort: port.default(0),
  /** Multiaddrs, ending in /p2p/<peer id>, of nodes to join the network through. */
  bootstrap: z.array(z.string().max(256)).default([]),
  /** Where BitTorrent peers reach this node. */
  swarm: z.strictObject({ host: z.string().max(256), port }).default({ host: '127.0.0.1', port: 0 }),
  /** Announce URLs of HTTP trackers. */
  trackers: z.array(z.url().max(512)).default([]),
  /** Runs an HTTP tracker here when set. */
  trackerPort: port.optional(),
  /** Source of a model to publish; docs/guides/models.md lists the forms. */
  publish: z.string().max(1024).optional(),
  /** Id of the manifest to seed, run or chat with; any published model when absent. */
  model: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  /** Blocks [first, end) to run; all when absent. */
  blocks: z.tuple([zCount, zCount]).optional(),
  /** Number of compute threads. */
  threads: z.number().int().min(1).max(256).default(availableParallelism()),
  /** Pins each compute thread to its own core, starting with this one. */
  pin: zCount.optional(),
  /** Maximum concurrent sessions of a stage. */
  slots: z.number().int().min(1).max(256).default(4),
  /** Maximum positions (tokens) of a session; the model's own context when that is shorter. */
  context: z
    .number()
    .int()
    .min(1)
    .max(1 << 20)
    .default(2048),
  /** System message for conversations without one; the model's template decides when absent. */
  system: z.string().max(4096).optional(),
  /** Genesis file of the chain to follow; no chain and no wallet when absent. */
  genesis: z.string().max(4096).optional(),
  /** Follows the chain by its headers and stores no blocks: the wallet queries the nodes of `bootstrap` without trusting them. */
  light: z.boolean().default(false),
  /** HEIGHT:ID of a trusted block, for a light node that was offline for longer than the trusting period. */
  trust: z.string().max(128).optional(),
  /** How long the next block waits for transactions after many empty ones, in ms; no wait when absent. */
  chainRest: z.number().int().min(1).max(15_000).optional(),
  /** Opens the node's wallet at the start; creates it when there is none. */
  walletPassword: z.string().min(8).max(1024).optional(),
  /** Peer ids of the security nodes trusted to clear models; `none`: models are not checked. */
  securityAuthorities: z.union([z.literal('none'), z.array(z.string().min(1).max(128)).max(32)]).default([]),
  /**
   * State of a model in which a trusted authority without a sandbox found nothing. `cleared` is for networks whose machines
   * have no sandbox.
   */
  unproven: z.enum(['pending', 'cleared']).default('pending'),
  /** Additional Ed25519 public keys, hexadecimal, that may sign rulesets. */
  rulesetKeys: z
    .array(z.string().regex(/^[0-9a-f]{64}$/))
    .max(16)
    .default([]),
  /**
   * `auto` installs newer rulesets from other nodes. By default the owner is notified and decides: anyone who stole the
   * signer's key could otherwise weaken the rules of all security nodes at once.
   */
  rulesetUpdates: z.enum(['manual', 'auto']).default('manual'),
  /** Address of clamd, a socket path or host:port; the usual ones when absent. For the role "security". */
  clamd: z.string().min(1).max(256).optional(),
  /** Disk space in bytes for models under examination or kept after it. For the role "security". */
  examinationBytes: z
    .number()
    .int()
    .min(1)
    .default(512 * 2 ** 30),
  /** URL of the Hugging Face Hub; the public one when absent. */
  hub: z.url().max(512).optional(),
  /** Folder for fetched model sources, shared by the nodes of one machine; in `home` when absent. */
  cache: z.string().optional(),
});

export type NodeOptions = z.infer<typeof nodeOptionsSchema>;
export type NodeSettings = z.input<typeof nodeOptionsSchema>;
