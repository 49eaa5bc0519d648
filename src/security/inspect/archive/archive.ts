import { BitorchError, messageOf } from '#base';
import {
  crcOf,
  HEAD_BYTES,
  identifySource,
  inPages,
  MAX_UNPACKED,
  type RandomAccess,
  readTar,
  readZip,
  slice,
  type Unpacked,
  unpack,
  unpackMember,
  type Zip,
  type ZipMember,
} from '#formats';
import { findHiddenPickle, inspectPickle } from '../code/pickle.ts';
import type { Inspection } from '../inspection.ts';
import { kindOfName } from '../name/kind-of-name.ts';
import { isUnsafePath } from '../name/unsafe-name.ts';

/** Formats recognized by their signature but not unpacked. Some hold compressed pickles (joblib, pandas). */
export const NAMED_ARCHIVES: readonly string[] = [
  ...['bzip2', 'xz', 'lzma', 'lzip', 'lzop', 'lz4', 'lzfse', 'snappy', 'compress', 'joblib'],
  ...['7z', 'rar', 'cab', 'ar', 'cpio', 'ace', 'lha', 'xar', 'rpm', 'wim', 'squashfs'],
];

/** Work charged per member beside its bytes. */
const MEMBER_WORK = 256;

/** Member names of an archive, which determine its kind. */
interface Contents {
  names: string[];
}

/** Inspects a ZIP archive: its structure, the paths it would write to, and executable content. Returns its kind. */
export async function inspectZip(
  inspection: Inspection,
  archive: RandomAccess,
  place: string,
  depth: number,
): Promise<string> {
  const source = inPages(archive);
  let zip: Zip;
  try {
    zip = await readZip(source);
  } catch (error) {
    if (!(error instanceof BitorchError)) throw error;
    inspection.report('archive-damaged', place, messageOf(error));
    return 'archive';
  }
  for (const problem of zip.problems.slice(0, 8)) inspection.report('archive-damaged', place, problem);
  const { archiveMembers } = inspection.ruleset.limits;
  if (zip.members.length > archiveMembers) {
    inspection.report('archive-bomb', place, `${zip.members.length} members`);
  }
  for (const member of zip.members.slice(0, archiveMembers)) {
    if (inspection.has('archive-bomb')) break;
    await inspectZipMember(inspection, source, member, inner(place, member.name), depth);
  }
  return nameZip({ names: zip.members.map(({ name }) => name) });
}

async function inspectZipMember(
  inspection: Inspection,
  source: RandomAccess,
  member: ZipMember,
  place: string,
  depth: number,
): Promise<void> {
  checkMemberPath(inspection, member.name, place);
  if (member.link) inspection.report('archive-path', place, 'a symbolic link');
  if (member.encrypted) inspection.report('archive-encrypted', place, 'encrypted');
  const { archiveRatio } = inspection.ruleset.limits;
  if (member.bytes > 1 << 20 && member.bytes > member.packedBytes * archiveRatio) {
    inspection.report('archive-bomb', place, `${member.packedBytes} bytes unpack to ${member.bytes}`);
  }
  if (!afford(inspection, member.packedBytes + Math.min(member.bytes, MAX_UNPACKED), place)) return;
  const unpacked = await unpackMember(source, member);
  if (!unpacked) {
    if (!member.encrypted)
      inspection.report('archive-damaged', place, `packed by the unknown method ${member.method}`);
    return;
  }
  const more = unpacked.source.size - Math.min(member.bytes, MAX_UNPACKED);
  if (more > 0 && !afford(inspection, more, place)) return;
  await checkMember(inspection, member, unpacked, place);
  await inspectInner(inspection, unpacked.source, member.name, place, depth + 1);
}

/**
 * Charges work; reports an archive bomb and returns false when the budget is exhausted. Members may overlap, so a
 * small archive can cause unlimited work.
 */
function afford(inspection: Inspection, bytes: number, place: string): boolean {
  const affordable = inspection.spend(bytes + MEMBER_WORK);
  if (!affordable)
    inspection.report('archive-bomb', place, 'its members together unpack to far more than the file');
  return affordable;
}

async function checkMember(
  inspection: Inspection,
  member: ZipMember,
  { source, whole }: Unpacked,
  place: string,
): Promise<void> {
  if (whole && (await crcOf(source)) !== member.crc) {
    inspection.report('archive-damaged', place, 'its checksum does not fit its content');
  } else if (!whole && source.size < Math.min(member.bytes, MAX_UNPACKED)) {
    inspection.report(
      'archive-damaged',
      place,
      `only ${source.size} of ${member.bytes} bytes can be unpacked`,
    );
  } else if (source.size > member.bytes) {
    inspection.report(
      'archive-damaged',
      place,
      `it unpacks to more than the ${member.bytes} bytes that it says`,
    );
  }
}

/** The kind of an archive with these members. */
function nameZip({ names }: Contents): string {
  const some = (pattern: RegExp) => names.some((name) => pattern.test(name));
  if (some(/(^|\/)data\.pkl$/)) return some(/(^|\/)(code\/|constants\.pkl$)/) ? 'torchscript' : 'checkpoint';
  if (some(/(^|\/)(constants\.pkl|bytecode\.pkl|model\.json)$/) && some(/(^|\/)code\//)) return 'torchscript';
  if (some(/^MAR-INF\//)) return 'mar';
  if (some(/^model\.weights\.h5$/) || (some(/^config\.json$/) && some(/^metadata\.json$/))) return 'keras';
  if (some(/^AndroidManifest\.xml$|^META-INF\/MANIFEST\.MF$/)) return 'executable';
  return 'archive';
}

/** Inspects a tar archive, including NeMo models and old PyTorch checkpoints. Returns its kind. */
export async function inspectTar(
  inspection: Inspection,
  source: RandomAccess,
  place: string,
  depth: number,
): Promise<string> {
  const { members, whole } = await readTar(source);
  if (!whole)
    inspection.report('archive-damaged', place, 'headers or sizes do not fit, or the end mark is missing');
  for (const { name, type, linkName, offset, bytes } of members) {
    const here = inner(place, name);
    checkMemberPath(inspection, name, here);
    if (type === '1' || type === '2') {
      inspection.report('archive-path', here, `a link to ${linkName}`);
    } else if ('0\x007'.includes(type)) {
      if (!afford(inspection, bytes, here)) break;
      await inspectInner(inspection, slice(source, offset, bytes), name, here, depth + 1);
    } else if ('346'.includes(type)) inspection.report('archive-path', here, 'a device');
  }
  const names = members.map(({ name }) => name);
  if (['storages', 'tensors', 'pickle'].every((name) => names.includes(name))) return 'checkpoint';
  return names.some((name) => /(^|\/)model_config\.yaml$/.test(name)) ? 'nemo' : 'archive';
}

const COMPRESSIONS: Readonly<Record<string, 'gzip' | 'zlib' | 'zstd'>> = {
  gzip: 'gzip',
  zlib: 'zlib',
  zstd: 'zstd',
};

/** Inspects one compressed stream (gzip, zlib, zstd). Other kinds are ignored. */
export async function inspectCompressed(
  inspection: Inspection,
  source: RandomAccess,
  kind: string,
  place: string,
  depth: number,
): Promise<void> {
  const how = COMPRESSIONS[kind];
  if (!how) return;
  if (!afford(inspection, MAX_UNPACKED, place)) return;
  const { source: content, whole, packedBytes } = await unpack(source, how);
  if (!whole && content.size < MAX_UNPACKED && source.size < MAX_UNPACKED) {
    inspection.report('archive-damaged', place, `unpacking breaks off after ${content.size} bytes`);
  }
  if (content.size > packedBytes * inspection.ruleset.limits.archiveRatio && content.size > 1 << 20) {
    inspection.report('archive-bomb', place, `${packedBytes} bytes unpack to ${content.size} or more`);
  }
  if (content.size > 0) await inspectInner(inspection, content, '', inner(place, kind), depth + 1);
}

/** Inspects nested content. Reports only what is executable or hidden. */
async function inspectInner(
  inspection: Inspection,
  source: RandomAccess,
  name: string,
  place: string,
  depth: number,
): Promise<void> {
  if (depth > inspection.ruleset.limits.nesting) {
    inspection.report(
      'archive-bomb',
      place,
      `archives are nested deeper than ${inspection.ruleset.limits.nesting}`,
    );
    return;
  }
  if (source.size === 0) return;
  const kind = await identifySource(source);
  const declared = kindOfName(name);
  if (kind === 'pickle') await inspectPickle(inspection, source, place);
  else if (kind === 'zip') await inspectZip(inspection, source, place, depth);
  else if (kind === 'tar') await inspectTar(inspection, source, place, depth);
  else if (kind && kind in COMPRESSIONS) await inspectCompressed(inspection, source, kind, place, depth);
  else if (kind === 'executable' || kind === 'script' || kind === 'llamafile') {
    inspection.report(kind, place, `inside of the archive`);
  } else if (kind && NAMED_ARCHIVES.includes(kind)) {
    inspection.report('archive', place, `by its first bytes: ${kind}`);
  } else if (kind === 'numpy') await inspectInnerNumpy(inspection, source, place);
  else if (declared === 'script' || declared === 'executable') {
    inspection.report(declared, place, 'inside of the archive');
  } else if (kind === undefined) await findHiddenPickle(inspection, source, place);
}

async function inspectInnerNumpy(inspection: Inspection, source: RandomAccess, place: string): Promise<void> {
  const head = Buffer.from(await source.read(0, Math.min(HEAD_BYTES, source.size))).toString('latin1');
  if (/'\|?O\d?'/.test(head)) inspection.report('numpy-object', place, 'an array of Python objects');
}

const inner = (place: string, name: string): string => (place ? `${place}!${name}` : name);

function checkMemberPath(inspection: Inspection, name: string, place: string): void {
  // Folders end with "/"; tar prefixes paths with "./".
  const path = name.replace(/^(\.\/)+(?=.)|\/$/g, '');
  if (path !== '.' && isUnsafePath(path))
    inspection.report(
      'archive-path',
      place,
      `the name ${JSON.stringify(name)} leaves the folder on some system`,
    );
}
