import { HEAD_BYTES, type ImageFormat, identify, type RandomAccess, readImage, slice } from '#formats';
import { findHiddenPickle } from './code/pickle.ts';
import type { Inspection, Inspector } from './inspection.ts';

/** Image formats. Viewers go by content, and names often have the extension of another image format. */
export const IMAGES: ReadonlySet<string> = new Set(['png', 'jpeg', 'gif', 'webp']);
const MAX_PIXELS = 1 << 28;

/** Returns an inspector for an image format: checks structure and size, and what follows the image. */
export const imageInspector =
  (format: ImageFormat): Inspector =>
  async (inspection) => {
    const { source } = inspection.file;
    const { imageBytes } = inspection.ruleset.limits;
    if (source.size > imageBytes) inspection.report('too-large', '', `an image of ${source.size} bytes`);
    const { width, height, end } = await readImage(source, format);
    if (width * height > MAX_PIXELS)
      inspection.report('resource-bomb', '', `an image of ${width} × ${height}`);
    if (end < source.size) await inspectTrailer(inspection, slice(source, end, source.size - end));
  };

/**
 * Checks bytes after an image. Viewers ignore them and some programs leave harmless ones, but no other format may
 * begin there.
 */
async function inspectTrailer(inspection: Inspection, trailer: RandomAccess): Promise<void> {
  const head = await trailer.read(0, Math.min(HEAD_BYTES, trailer.size));
  const start = head.findIndex((byte) => !BLANK.has(byte));
  const content = start < 0 ? undefined : slice(trailer, start, trailer.size - start);
  const kind = content && identify(head.subarray(start), content.size);
  if (kind && !IMAGES.has(kind)) inspection.report('polyglot', '', `${kind} follows the image`);
  else if (!content || !(await findHiddenPickle(inspection, content, 'behind the image')))
    inspection.report('damaged', '', `${trailer.size} bytes follow the end of the image`, 'low');
}

const BLANK = new Set([0, 9, 10, 13, 32]);
