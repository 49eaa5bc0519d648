import type { Progress } from '#base';

/** Messages of a node process to the process that started it. */
export type NodeMessage =
  | ({ type: 'progress' } & Progress)
  | { type: 'ready'; id: string; url: string; token: string; addresses: string[]; trackers: string[] }
  | { type: 'failed'; code: string; message: string };

/** Sends a message to the parent process, if there is one. */
export function tell(message: NodeMessage): void {
  if (process.connected) process.send?.(message);
}
