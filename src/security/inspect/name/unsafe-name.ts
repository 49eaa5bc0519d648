import type { Inspection } from '../inspection.ts';

/** Device names of Windows, in any folder and with any extension (Microsoft, "Naming Files, Paths, and Namespaces"). */
const DEVICES = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[\d¹²³])$/i;
/** Control, bidirectional and invisible characters. */
const DECEPTIVE = /[\p{Cc}\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/u;

/**
 * Whether a path (with `/` as separator) could refer to something else on some system: a file outside of its folder,
 * a device, an alternate stream (`a:b`), or a file whose trailing dots and spaces Windows drops.
 */
export function isUnsafePath(path: string): boolean {
  return /[\\:\0]/.test(path) || path.split('/').some(isUnsafePart);
}

function isUnsafePart(part: string): boolean {
  const [stem = ''] = part.split('.');
  return part === '' || /[. ]$/.test(part) || DEVICES.test(stem.trimEnd());
}

/** Reports names that leave the folder or disguise the file. */
export function inspectName(inspection: Inspection): void {
  const { path } = inspection.file;
  const shown = JSON.stringify(path);
  if (isUnsafePath(path))
    inspection.report('name-unsafe', '', `the path ${shown} leaves its folder or is reserved on some system`);
  if (DECEPTIVE.test(path) || !path.isWellFormed()) {
    inspection.report('name-unsafe', '', `${shown} has characters that cannot be seen`);
  }
}
