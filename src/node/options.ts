import { availableParallelism } from 'node:os';
import { z, zCount } from '#base';

const port = z.number().int().min(0).max(65_535);

/** All that a person can set on a node; flags, environment and config file end up here. */
export const nodeOptionsSchema = z.strictObject({
  /** Data directory of this node. */
  home: z.string().min(1),
  /** What people see; made from the node id when empty. */
  name: z.string().max(64).default(''),
  roles: z.array(z.enum(['seed', 'run', 'audit', 'client', 'validate', 'security'])).min(1),
  /** Multiaddrs for the peer-to-peer network. */
  listen: z.array(z.string().max(256)).min(1).default(['/ip4/127.0.0.1/tcp/0']),
  /** TCP port for the streams of sessions, on the addresses of `listen`; 0 = any. */
  linkPort: port.default(0),
  /** Multiaddrs, ending in /p2p/<peer id>, of nodes to join the network through. */
  bootstrap: z.array(z.string().max(256)).default([]),
  /** Where BitTorrent peers reach this node. */
  swarm: z.strictObject({ host: z.string().max(256), port }).default({ host: '127.0.0.1', port: 0 }),
  /** Announce URLs of HTTP trackers. */
  trackers: z.array(z.url().max(512)).default([]),
  /** Runs an HTTP tracker here when set. */
  trackerPort: port.optional(),
  /** A model to publish: see docs/guides/models.md for the spellings. */
  publish: z.string().max(1024).optional(),
  /** Id of the manifest to seed, run or chat with; any published model when absent. */
  model: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  /** Blocks [first, end) to run; all when absent. */
  blocks: z.tuple([zCount, zCount]).optional(),
  /** Worker threads for computing. */
  threads: z.number().int().min(1).max(256).default(availableParallelism()),
  /** Keep each of these threads on a core of its own, from this one on. */
  pin: zCount.optional(),
  /** Sessions that a stage serves at once. */
  slots: z.number().int().min(1).max(256).default(4),
  /** Most positions of a session; the model's own context when that is shorter. */
  context: z
    .number()
    .int()
    .min(1)
    .max(1 << 20)
    .default(2048),
  /** System message for conversations that bring none; the model's own template decides when absent. */
  system: z.string().max(4096).optional(),
  /** Genesis file of the chain to follow; no chain and no wallet when absent. */
  genesis: z.string().max(4096).optional(),
  /** Follows the chain by its headers only and keeps no blocks: the wallet asks the nodes of `bootstrap`, believing none. */
  light: z.boolean().default(false),
  /** HEIGHT:ID of a block that somebody vouches for, for a light node that has not looked at its chain for too long. */
  trust: z.string().max(128).optional(),
  /** How long the chain waits for a transaction, in ms, after many blocks without one; not at all when absent. */
  chainRest: z.number().int().min(1).max(15_000).optional(),
  /** Opens the node's wallet at the start, and makes one where there is none. */
  walletPassword: z.string().min(8).max(1024).optional(),
  /** Peer ids of the security nodes whose word clears a model; `none`: nothing is checked. */
  securityAuthorities: z.union([z.literal('none'), z.array(z.string().min(1).max(128)).max(32)]).default([]),
  /**
   * What a word of an authority that found nothing, but has no sandbox to run a model in, makes of the model. `cleared` is for
   * networks on machines without a sandbox.
   */
  unproven: z.enum(['pending', 'cleared']).default('pending'),
  /** Ed25519 public keys, hexadecimal, whose rulesets are taken beside the program's own. */
  rulesetKeys: z
    .array(z.string().regex(/^[0-9a-f]{64}$/))
    .max(16)
    .default([]),
  /**
   * `auto`: takes newer rulesets from other nodes by itself. By default its owner is told and decides: rules say what is
   * dangerous, and whoever stole the signer's key could loosen those of all security nodes at once.
   */
  rulesetUpdates: z.enum(['manual', 'auto']).default('manual'),
  /** Where clamd listens, a socket's path or host:port; the usual places when absent. For the role "security". */
  clamd: z.string().min(1).max(256).optional(),
  /** Bytes on disk that models may take which are fetched to be examined, or kept after it. For the role "security". */
  examinationBytes: z
    .number()
    .int()
    .min(1)
    .default(512 * 2 ** 30),
  /** Another Hugging Face Hub than the public one. */
  hub: z.url().max(512).optional(),
  /** Folder for fetched model sources, shared by the nodes of one machine; in `home` when absent. */
  cache: z.string().optional(),
});

export type NodeOptions = z.infer<typeof nodeOptionsSchema>;
export type NodeSettings = z.input<typeof nodeOptionsSchema>;
