import type { ClaimedRange, Inspection } from '../inspection.ts';

/** Maximum padding between tensors. Runtimes align tensors to pages. */
const MAX_PADDING = 1 << 16;
const CHUNK = 1 << 20;

/**
 * Inspects a file of raw weights that ONNX models of the same scan refer to: tensors, and zeros between them, must
 * account for every byte. Several models may share tensors.
 */
export async function inspectClaimed(inspection: Inspection, ranges: readonly ClaimedRange[]): Promise<void> {
  const { source } = inspection.file;
  inspection.kind = 'onnx-data';
  let end = 0;
  const sorted = ranges.toSorted((a, b) => a.offset - b.offset || a.length - b.length);
  for (const { offset, length } of [...sorted, { offset: source.size, length: 0 }]) {
    if (offset > end && !(await isPadding(inspection, end, offset))) {
      inspection.report('onnx-external-bounds', '', `bytes ${end} to ${offset} belong to no tensor`);
    }
    end = Math.max(end, offset + length);
  }
}

async function isPadding({ file }: Inspection, from: number, to: number): Promise<boolean> {
  if (to - from > MAX_PADDING) return false;
  const bytes = await file.source.read(from, Math.min(CHUNK, to - from));
  return bytes.every((byte) => byte === 0);
}
