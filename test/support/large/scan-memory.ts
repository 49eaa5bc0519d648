/** Scans one file alone in a process and tells by how many bytes that made the process grow at its peak, and the verdict. */
import { basename } from 'node:path';
import { fileAccess, inBuffer } from '#formats';
import { builtInRuleset, scan } from '#security';

const path = process.argv[2]!;
const ruleset = await builtInRuleset();
await scan([{ path: basename(path), source: inBuffer(new Uint8Array(64)) }], ruleset);
const before = process.memoryUsage().rss;
const source = await fileAccess(path);
const { verdict, files } = await scan([{ path: basename(path), source }], ruleset);
await source.close();
const grown = process.resourceUsage().maxRSS * 1024 - before;
process.stdout.write(JSON.stringify({ grown, verdict, kind: files[0]!.kind, findings: files[0]!.findings }));
