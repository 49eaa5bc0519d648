import { findZipEnd, isTarHeader, type RandomAccess } from '#formats';
import { allowedGlobals, tracePickles } from '../code/pickle.ts';
import type { Inspection } from '../inspection.ts';

const CENTRAL = 0x02014b50;

/**
 * Reports an accepted file that is also valid in a dangerous format: an archive from its end, or a tar or pickle from
 * its start.
 */
export async function inspectPolyglot(inspection: Inspection): Promise<void> {
  const { source } = inspection.file;
  if (await endsAsZip(source)) inspection.report('polyglot', '', 'it ends as a ZIP archive');
  if (isTarHeader(await source.read(0, Math.min(512, source.size)))) {
    inspection.report('polyglot', '', 'it begins as a tar archive');
  }
  const { dangers, endless } = await tracePickles(
    source,
    inspection.ruleset,
    allowedGlobals(inspection.ruleset),
  );
  const call = dangers.find((danger) => danger.startsWith('calls'));
  if (call) inspection.report('polyglot', '', `read as a pickle it ${call}`);
  else if (endless) inspection.report('polyglot', '', 'it acts as a pickle for longer than one is followed');
}

/** Whether the file has a ZIP end record whose directory exists. */
async function endsAsZip(source: RandomAccess): Promise<boolean> {
  const end = await findZipEnd(source);
  if (!end || end.count === 0) return false;
  for (const at of [end.directoryEnd - end.bytes, end.offset]) {
    if (at < 0 || at + 4 > source.size) continue;
    const bytes = await source.read(at, 4);
    if (new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) === CENTRAL) return true;
  }
  return false;
}
