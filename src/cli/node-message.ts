import type { Progress } from '#base';
import type { NodeSettings } from '#node';

/** A node's options and those of its HTTP server. */
export type Settings = NodeSettings & { httpHost: string; httpAllowHost?: string[]; port: number };

/** What a node process tells the process that started it. */
export type NodeMessage =
  | ({ type: 'progress' } & Progress)
  | { type: 'ready'; id: string; url: string; token: string; addresses: string[]; trackers: string[] }
  | { type: 'failed'; code: string; message: string };

/** Tells the process that started this one, if any. */
export function tell(message: NodeMessage): void {
  if (process.connected) process.send?.(message);
}
