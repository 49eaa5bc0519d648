/** What may keep a node from its part in the network, in words that are safe to publish. */
import { z } from '#base';

const CHECKS = [
  'node',
  'network',
  'addresses',
  'reach',
  'clock',
  'disk',
  'ports',
  'engine',
  'sandbox',
  'chain',
] as const;

export const zCheck = z.strictObject({
  name: z.enum(CHECKS),
  /** `note`: nothing that needs to be fixed for what this node does. */
  state: z.enum(['ok', 'note', 'problem']),
  text: z.string(),
  /** What to do where the text does not say it. */
  fix: z.string().exactOptional(),
});
export type CheckView = z.infer<typeof zCheck>;

export const zDoctor = z.strictObject({
  /** Whether no check found a problem. */
  healthy: z.boolean(),
  checks: z.array(zCheck),
});
export type DoctorView = z.infer<typeof zDoctor>;
