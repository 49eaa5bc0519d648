import type { Inspection } from './inspection.ts';

const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;
/** Controls, and the characters that turn the direction of text or are not to be seen. */
const DECEPTIVE = /[\p{Cc}\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/u;

/** Names that leave the folder or hide what the file is. */
export function inspectName(inspection: Inspection): void {
  const { path } = inspection.file;
  const parts = path.split('/');
  const unsafe =
    path.includes('\\') ||
    /^[a-z]:/i.test(path) ||
    parts.some((part) => part === '' || part === '.' || part === '..' || RESERVED.test(part));
  if (unsafe)
    inspection.find('name-unsafe', '', `the path ${JSON.stringify(path)} leaves its folder or is reserved`);
  if (DECEPTIVE.test(path) || !path.isWellFormed()) {
    inspection.find('name-unsafe', '', `${JSON.stringify(path)} has characters that cannot be seen`);
  }
}
