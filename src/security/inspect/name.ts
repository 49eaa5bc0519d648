import type { Inspection } from './inspection.ts';

/** Devices of Windows, in whichever folder and with whichever ending (Microsoft, "Naming Files, Paths, and Namespaces"). */
const DEVICES = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[\d¹²³])$/i;
/** Controls, and the characters that turn the direction of text or are not to be seen. */
const DECEPTIVE = /[\p{Cc}\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/u;

/**
 * Whether a path with `/` between its parts could, on some system, be another file than it seems: one outside of its folder,
 * a device, a stream of another file (`a:b`), or one whose last dots and blanks Windows drops.
 */
export function isUnsafePath(path: string): boolean {
  return /[\\:\0]/.test(path) || path.split('/').some(isUnsafePart);
}

function isUnsafePart(part: string): boolean {
  const [stem = ''] = part.split('.');
  return part === '' || /[. ]$/.test(part) || DEVICES.test(stem.trimEnd());
}

/** Names that leave the folder or hide what the file is. */
export function inspectName(inspection: Inspection): void {
  const { path } = inspection.file;
  const shown = JSON.stringify(path);
  if (isUnsafePath(path))
    inspection.find('name-unsafe', '', `the path ${shown} leaves its folder or is reserved on some system`);
  if (DECEPTIVE.test(path) || !path.isWellFormed()) {
    inspection.find('name-unsafe', '', `${shown} has characters that cannot be seen`);
  }
}
