import type { Progress } from '#base';
import type { NodeSettings } from '#node';

/** A node's options and those of its HTTP server. */
export type Settings = NodeSettings & { httpHost: string; httpAllowHost?: string[]; port: number };

/** Messages of a node process to the process that started it. */
export type NodeMessage =
  | ({ type: 'progress' } & Progress)
  | { type: 'ready'; id: string; url: string; token: string; addresses: string[]; trackers: string[] }
  | { type: 'failed'; code: string; message: string };

/** Sends a message to the parent process, if there is one. */
export function tell(message: NodeMessage): void {
  if (process.connected) process.send?.(message);
}
