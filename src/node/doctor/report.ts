import { homedir } from 'node:os';
import { cleanText } from '#base';
import { parseDialable } from '#network/addresses';
import type { CheckView, DoctorView } from '../api/doctor.ts';

const MAX_TEXT = 600;
/** Home folders of other accounts, as they occur in messages of the system. */
const HOMES = /(\/home\/|\/Users\/|[A-Za-z]:\\Users\\)[^\s/\\:,;'"()]+/g;
/** Names of files that hold secrets are told, but nothing that looks like a token or a key. */
const SECRET = /\b(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{32,}\b/g;
/** What may be an IPv4 or IPv6 address. */
const IP =
  /(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}(?!\.?\d)|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?!\w))/g;

/**
 * The report of these checks, safe to publish: folders of users become `~`, what looks like a key or a
 * token `…`, and public addresses, which tell where somebody lives, PUBLIC-IP.
 */
export const doctorReport = (checks: readonly CheckView[], userHome: string = homedir()): DoctorView => ({
  healthy: checks.every(({ state }) => state !== 'problem'),
  checks: checks.map(({ text, fix, ...check }) => ({
    ...check,
    text: publishable(text, userHome),
    ...(fix !== undefined && { fix: publishable(fix, userHome) }),
  })),
});

function publishable(text: string, userHome: string): string {
  const short = userHome.length > 1 ? text.replaceAll(userHome, '~') : text;
  return cleanText(short.replace(HOMES, '~').replace(SECRET, '…').replace(IP, withoutPublic), MAX_TEXT);
}

const withoutPublic = (ip: string): string => (parseDialable(ip, 1)?.scope === 'public' ? 'PUBLIC-IP' : ip);
