import { join } from 'node:path';
import type { OnProgress } from '#base';
import { type Report, type Ruleset, scan } from '#security';
import { openFiles } from './open-files.ts';

export interface ScanTargetOptions {
  /** Where fetched models are kept. */
  readonly home: string;
  readonly hubUrl?: string;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

/**
 * Scans a file, a folder with all that is below it, or a model of the Hugging Face Hub (`hf:owner/name`). Throws
 * SCAN_FAILED for what cannot be read, and what fetching throws.
 */
export async function scanTarget(
  target: string,
  ruleset: Ruleset,
  options: ScanTargetOptions,
): Promise<{ report: Report; passedOver: string[]; unread: string[] }> {
  const opened = await openFiles(target.startsWith('hf:') ? await fetchModel(target, options) : target);
  try {
    const { files, passedOver, unread } = opened;
    return { report: await scan(files, ruleset, options), passedOver, unread };
  } finally {
    await opened.close();
  }
}

async function fetchModel(
  spec: string,
  { home, hubUrl, onProgress, signal }: ScanTargetOptions,
): Promise<string> {
  // Loaded here only: scanning what is on the disk needs no network.
  const { openSource } = await import('#distribution');
  const { directory } = await openSource(spec, {
    cache: join(home, 'cache'),
    everything: true,
    ...(hubUrl && { hubUrl }),
    ...(onProgress && { onProgress }),
    ...(signal && { signal }),
  });
  return directory;
}
