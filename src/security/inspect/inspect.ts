import { identifySource, type RandomAccess, readNpy } from '#formats';
import type { RuleId } from '../rule-ids.ts';
import { inspectCompressed, inspectTar, inspectZip, NAMED_ARCHIVES } from './archive/archive.ts';
import { inspectPolyglot } from './archive/polyglot.ts';
import { findHiddenPickle, inspectPickle } from './code/pickle.ts';
import { inspectJson } from './configuration/json-file.ts';
import { IMAGES, imageInspector } from './image.ts';
import type { Inspection, Inspector } from './inspection.ts';
import { kindOfName } from './name/kind-of-name.ts';
import { inspectOnnx } from './onnx/onnx.ts';
import { inspectTemplateFile, inspectText, inspectYaml } from './text.ts';
import { inspectSentencePiece } from './tokenizer/sentencepiece.ts';
import { inspectGguf, inspectSafetensors } from './weights.ts';

/** Bytes of an HDF5 file that are searched for layers with code. */
const MAX_SEARCHED = 1 << 24;
const SEARCH_STEP = 1 << 18;

/** Accepted formats, each read to its last byte. */
const ACCEPTED: Readonly<Record<string, Inspector>> = {
  safetensors: inspectSafetensors,
  gguf: inspectGguf,
  onnx: inspectOnnx,
  json: inspectJson,
  text: inspectText,
  yaml: inspectYaml,
  template: inspectTemplateFile,
  png: imageInspector('png'),
  jpeg: imageInspector('jpeg'),
  gif: imageInspector('gif'),
  webp: imageInspector('webp'),
  numpy: inspectNumpy,
  pieces: inspectPieces,
};
/** Accepted formats with a signature: the content decides, not the name. */
const SIGNED = new Set(['safetensors', 'gguf', 'png', 'jpeg', 'gif', 'webp', 'numpy']);
/** Accepted formats in which a second format could be hidden. */
const BINARY = new Set([...SIGNED, 'onnx', 'pieces']);

/** Formats that are recognized by signature and refused, with the rule that explains why. */
const REFUSED: Readonly<Record<string, RuleId>> = {
  executable: 'executable',
  script: 'script',
  llamafile: 'llamafile',
  hdf5: 'keras',
  tflite: 'tflite',
  ort: 'other-model',
  ggml: 'other-model',
  torch7: 'other-model',
  ...Object.fromEntries(NAMED_ARCHIVES.map((kind): [string, RuleId] => [kind, 'archive'])),
};

/** Determines a file's format from its content and applies the rules for it. What no rule accepts is refused. */
export async function inspect(inspection: Inspection): Promise<void> {
  const { source, path } = inspection.file;
  const declared = kindOfName(path);
  if (await isPointer(source)) {
    inspection.kind = 'lfs-pointer';
    inspection.report('lfs-pointer', '', `${path} was not fetched`);
    return;
  }
  const signature = await identifySource(source);
  inspection.kind = signature ?? declared ?? 'unknown';
  if (declared === 'script' || declared === 'executable' || declared === 'llamafile') {
    inspection.report(declared, '', `by its name, ${path}`);
  }
  if (signature && !(signature in ACCEPTED)) {
    await inspectRefused(inspection, signature, declared);
    if (declared && declared in ACCEPTED) inspection.report('wrong-name', '', `the content is ${signature}`);
    return;
  }
  if (signature && SIGNED.has(signature)) await inspectSigned(inspection, signature, declared);
  else if (declared && declared in ACCEPTED) await inspectDeclared(inspection, declared);
  else await inspectUnknown(inspection, declared);
}

async function inspectSigned(
  inspection: Inspection,
  kind: string,
  declared: string | undefined,
): Promise<void> {
  if (declared && declared !== kind && !(IMAGES.has(kind) && IMAGES.has(declared))) {
    // A length and a brace are a weak signature, so the name decides.
    if (kind === 'safetensors' && declared in ACCEPTED) return inspectDeclared(inspection, declared);
    inspection.report('wrong-name', '', `the content is ${kind}`);
  }
  if (!declared && IMAGES.has(kind) && /\.\w{1,8}$/.test(inspection.file.path)) {
    inspection.report('wrong-name', '', `the content is ${kind}`);
  }
  await inspectPolyglot(inspection);
  await ACCEPTED[kind]!(inspection);
}

async function inspectDeclared(inspection: Inspection, declared: string): Promise<void> {
  const { source } = inspection.file;
  inspection.kind = declared;
  if (source.size === 0 && (declared === 'text' || declared === 'yaml')) return;
  if (BINARY.has(declared)) await inspectPolyglot(inspection);
  else if (declared === 'json' && source.size > 0) await findHiddenPickle(inspection, source, '');
  await ACCEPTED[declared]!(inspection);
}

/** A Git LFS pointer, which stands for a file that was not fetched (git-lfs, docs/spec.md); at most 1,024 bytes. */
const POINTER =
  /^version https:\/\/git-lfs\.github\.com\/spec\/v1\r?\n(ext-\d-[^\n]*\n)*oid sha256:[0-9a-f]{64}\r?\nsize \d{1,16}\s*$/;

const isPointer = async (source: RandomAccess): Promise<boolean> =>
  source.size <= 1024 && POINTER.test(Buffer.from(await source.read(0, source.size)).toString('latin1'));

/** Handles files with neither a signature nor an accepted name: pickles of old protocols, raw data, anything else. */
async function inspectUnknown(inspection: Inspection, declared: string | undefined): Promise<void> {
  const { source, path } = inspection.file;
  if (source.size > 0 && (await findHiddenPickle(inspection, source, ''))) {
    inspection.kind = 'pickle';
    return;
  }
  if (declared === 'script' || declared === 'executable' || declared === 'llamafile') return;
  if (declared && declared !== 'pickle') {
    const rule = declared === 'archive' ? 'unknown-format' : (declared as RuleId);
    inspection.report(rule, '', `by its name, ${path}`);
  } else inspection.unclaimed = 'the content is of no known format';
}

async function inspectRefused(
  inspection: Inspection,
  signature: string,
  declared: string | undefined,
): Promise<void> {
  const { source } = inspection.file;
  const rule = REFUSED[signature];
  const unpacks = NAMED_ARCHIVES.includes(signature) && declared === 'pickle';
  const warning = unpacks ? ', which Python unpacks to run the pickle in it' : '';
  if (rule) inspection.report(rule, '', `by its first bytes: ${signature}${warning}`);
  if (signature === 'hdf5') await searchKeras(inspection, source);
  if (signature === 'zip') await nameContainer(inspection, await inspectZip(inspection, source, '', 0));
  else if (signature === 'tar') await nameContainer(inspection, await inspectTar(inspection, source, '', 0));
  else if (signature === 'gzip' || signature === 'zlib' || signature === 'zstd') {
    inspection.report('archive', '', `packed with ${signature}`);
    await inspectCompressed(inspection, source, signature, '', 0);
  } else if (signature === 'pickle') {
    const { dangers, error, torch } = await inspectPickle(inspection, source, '');
    if (torch) inspection.kind = 'checkpoint';
    if (dangers.length === 0 && error === undefined) {
      inspection.report(torch ? 'checkpoint' : 'pickle', '', 'only harmless functions are called');
    }
  } else if (!rule) inspection.report('unknown-format', '', `by its first bytes: ${signature}`);
}

function nameContainer(inspection: Inspection, kind: string): void {
  inspection.kind = kind;
  inspection.report(kind as RuleId, '', 'by what it holds');
}

/**
 * Searches an HDF5 file for layers that carry code. Keras stores layers as JSON inside HDF5, so a text search finds
 * them.
 */
async function searchKeras(inspection: Inspection, source: RandomAccess): Promise<void> {
  for (let at = 0; at < Math.min(source.size, MAX_SEARCHED); at += SEARCH_STEP) {
    // Chunks overlap, so that no match is cut in two.
    const length = Math.min(SEARCH_STEP + 64, source.size - at);
    const text = Buffer.from(await source.read(at, length)).toString('latin1');
    if (/"class_name":\s{0,9}"(Lambda|TFSMLayer)"/.test(text))
      inspection.report('keras-code', '', 'a layer with code of its own');
  }
}

async function inspectNumpy(inspection: Inspection): Promise<void> {
  const { source } = inspection.file;
  const { objects, offset } = await readNpy(source);
  if (!objects) return;
  inspection.report('numpy-object', '', 'an array of Python objects');
  await inspectPickle(inspection, sliceFrom(source, offset), '');
}

const sliceFrom = (source: RandomAccess, start: number): RandomAccess => ({
  size: source.size - start,
  read: (offset, length) => source.read(start + offset, length),
});

/** Inspects a `.model` file: SentencePiece, or one of tiktoken's text lists. */
async function inspectPieces(inspection: Inspection): Promise<void> {
  const { source } = inspection.file;
  const head = await source.read(0, Math.min(64, source.size));
  if (source.size > 0 && head.every((byte) => byte >= 0x20 || byte === 0x0a || byte === 0x0d)) {
    inspection.kind = 'text';
    return inspectText(inspection);
  }
  await inspectSentencePiece(inspection);
}
