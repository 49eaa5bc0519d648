import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { OnProgress } from '#base';
import { type Report, type Ruleset, scan } from '#security';
import { isExcluded } from './exclusion.ts';
import { missingParts } from './missing-parts.ts';
import { openFiles } from './open-files.ts';
import { keepStdin } from './stdin-file.ts';

export interface ScanTargetOptions {
  /** Where fetched models are kept. */
  readonly home: string;
  readonly hubUrl?: string;
  /** Patterns of paths below the target that are left out. */
  readonly exclude?: readonly string[];
  /** What standard input is called. */
  readonly stdinName?: string;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

/**
 * Scans a file, a folder with all that is below it, a model of the Hugging Face Hub (`hf:owner/name`), or standard input
 * (`-`). Throws SCAN_FAILED for what cannot be read, and what fetching throws.
 */
export async function scanTarget(
  target: string,
  ruleset: Ruleset,
  options: ScanTargetOptions,
): Promise<{ report: Report; passedOver: string[]; unread: string[] }> {
  if (target !== '-') return scanPlace(await placeOf(target, options), ruleset, options);
  const { path, remove } = await keepStdin(process.stdin, options.stdinName);
  try {
    return await scanPlace(path, ruleset, options);
  } finally {
    await remove();
  }
}

const placeOf = async (target: string, options: ScanTargetOptions): Promise<string> =>
  target.startsWith('hf:') ? fetchModel(target, options) : target;

async function scanPlace(
  place: string,
  ruleset: Ruleset,
  options: ScanTargetOptions,
): Promise<{ report: Report; passedOver: string[]; unread: string[] }> {
  const { exclude = [] } = options;
  const opened = await openFiles(place, { exclude });
  try {
    const { files, passedOver, unread } = opened;
    const report = await scan(files, ruleset, options);
    // Whoever names one file asks about that file.
    const isFolder = (await stat(place)).isDirectory();
    const missing = isFolder ? await missingParts(files, (path) => isExcluded(path, exclude)) : [];
    return { report, passedOver, unread: [...unread, ...missing] };
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
