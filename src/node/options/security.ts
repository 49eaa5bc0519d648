import { listOf, type Options, z } from '#base';

const zPeerId = z
  .string()
  .max(128)
  .regex(/^[1-9A-HJ-NP-Za-km-z]{40,}$/, 'must be peer ids, such as 12D3Koo…');

/** Whose attestations the node trusts, and how a security node examines models. */
export const SECURITY_OPTIONS = {
  securityAuthorities: {
    schema: z.union([z.literal('none'), z.array(zPeerId).max(32)]).default([]),
    value: 'ids',
    help: 'peer ids of the security nodes that you trust to clear models, or "none" to run models unchecked',
    read: (text) => (text === 'none' ? text : listOf(text)),
    form: 'peer ids with commas, or none',
  },
  unproven: {
    schema: z.enum(['pending', 'cleared']).default('pending'),
    value: 'what',
    help: 'state of models that a trusted security node without a sandbox found clean',
  },
  rulesetKeys: {
    schema: z
      .array(z.string().regex(/^[0-9a-f]{64}$/))
      .max(16)
      .default([]),
    value: 'keys',
    help: 'additional public keys that may sign rulesets, hexadecimal',
  },
  /** The owner decides by default: whoever stole the signer's key could otherwise weaken the rules of all security nodes at once. */
  rulesetUpdates: {
    schema: z.enum(['manual', 'auto']).default('manual'),
    value: 'how',
    help: 'auto installs newer signed rulesets from other nodes; manual only reports them',
    roles: ['security'],
  },
  clamd: {
    schema: z.string().min(1).max(256).optional(),
    value: 'address',
    help: 'socket or host:port of clamd; the usual ones when absent',
    roles: ['security'],
  },
  examinationBytes: {
    schema: z
      .number()
      .int()
      .min(1)
      .default(512 * 2 ** 30),
    value: 'bytes',
    unit: 'bytes',
    help: 'disk space for models under examination or kept after it',
    roles: ['security'],
  },
} satisfies Options;
