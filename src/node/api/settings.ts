/** What the node does and what it may use: both can be changed while it runs. */
import { z } from '#base';
import { LIMIT_OPTIONS } from '../options/limits.ts';
import { zRole } from './network.ts';

const { diskBytes, uploadRate, downloadRate, hours } = LIMIT_OPTIONS;

/** null: no limit. */
export const zLimits = z.strictObject({
  /** Disk space of models fetched from other nodes, in bytes. */
  diskBytes: diskBytes.schema.unwrap().nullable(),
  /** Payload of model files, in kB/s (1 kB = 1000 bytes). */
  uploadRate: uploadRate.schema.unwrap().nullable(),
  downloadRate: downloadRate.schema.unwrap().nullable(),
  /** Local time in which the node works for others, `22:00-07:00`. */
  hours: hours.schema.unwrap().nullable(),
  pauseOnBattery: z.boolean(),
});
export type LimitsView = z.infer<typeof zLimits>;

export const zSettings = z.strictObject({
  roles: z.array(zRole),
  limits: zLimits,
  /** Names of settings that a flag or variable of the start decides: they cannot be changed here. */
  fixed: z.array(z.string()),
  /** Why the node does nothing for others at the moment. */
  paused: z.enum(['hours', 'battery']).nullable(),
  /** What the machine runs on; `unknown`: pauseOnBattery is not available. */
  power: z.enum(['mains', 'battery', 'unknown']),
  /** Disk space of models fetched from other nodes, in bytes. */
  diskBytesHeld: z.number().int().min(0),
});
export type SettingsView = z.infer<typeof zSettings>;

/** Fields that are left out stay as they are. */
export const zSettingsChange = z.strictObject({
  roles: z.array(zRole).min(1).max(16).optional(),
  limits: zLimits.partial().optional(),
});
export type SettingsChange = z.infer<typeof zSettingsChange>;

/** `restarts`: the node starts again in a moment, because its roles have changed. */
export const zSettingsChanged = z.strictObject({ settings: zSettings, restarts: z.boolean() });
export type SettingsChanged = z.infer<typeof zSettingsChanged>;
