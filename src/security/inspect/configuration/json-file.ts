import { JsonReader, type JsonVisitor } from '#formats';
import type { Inspection } from '../inspection.ts';
import { inspectTemplate } from '../template/template.ts';
import { checkTokens, harmless, Vocabulary } from '../tokenizer/added-tokens.ts';
import { textsById } from '../tokenizer/vocabulary.ts';
import { ConfigChecker } from './config-checker.ts';

const CHUNK = 1 << 16;
const MAX_DEPTH = 128;
const MAX_STRING = 1 << 22;
const MAX_TEMPLATES = 32;
const BOM = [0xef, 0xbb, 0xbf];

/** Checks a JSON file while reading it to its end. Buffers only what is checked later. */
export async function inspectJson(inspection: Inspection): Promise<void> {
  const { source } = inspection.file;
  if (source.size > inspection.ruleset.limits.jsonBytes) {
    inspection.report('too-large', '', `${source.size} bytes of JSON`);
    return;
  }
  const start = await bomBytes(inspection);
  const checker = new ConfigChecker(inspection);
  await read(inspection, start, checker);
  const tokens = checker.finish();
  if (checker.templates.length > MAX_TEMPLATES) {
    inspection.report('resource-bomb', '', `${checker.templates.length} chat templates`);
  }
  for (const [template, place] of checker.templates.slice(0, MAX_TEMPLATES)) {
    await inspectTemplate(inspection, template, place);
  }
  // Which vocabulary entries matter is known only once all added tokens are.
  const vocabulary = new Vocabulary(tokens);
  if (tokens.length > 0 && checker.hasVocabulary) await read(inspection, start, vocabulary);
  checkTokens(inspection, tokens, vocabulary);
  await checkRepeatedIds(inspection, checker.ids.repeated);
}

/** Two words that have one id are one word to the model, and the reader of its answers sees the last of them. */
async function checkRepeatedIds(inspection: Inspection, ids: ReadonlySet<number>): Promise<void> {
  if (ids.size === 0) return;
  for (const [id, texts] of await textsById(inspection.file, ids)) {
    const [first = '', second = ''] = texts;
    if (first === second) continue;
    const names = [first, second].map((text) => JSON.stringify(text.slice(0, 60))).join(' and ');
    inspection.report('tokenizer-added-token', 'vocab', `the id ${id} is ${names}`, harmless(...texts));
  }
}

async function read({ file }: Inspection, start: number, visitor: JsonVisitor): Promise<void> {
  const { source, path } = file;
  const limits = { maxDepth: MAX_DEPTH, maxString: MAX_STRING, pythonNumbers: true };
  const reader = new JsonReader(path, visitor, limits);
  for (let at = start; at < source.size; at += CHUNK) {
    reader.write(await source.read(at, Math.min(CHUNK, source.size - at)));
  }
  reader.end();
}

/** JSON does not allow a byte order mark, but some editors write one. */
async function bomBytes(inspection: Inspection): Promise<number> {
  const { source } = inspection.file;
  const head = await source.read(0, Math.min(3, source.size));
  if (!BOM.every((byte, n) => head[n] === byte)) return 0;
  inspection.report('text-encoding', '', 'it begins with a byte order mark');
  return BOM.length;
}
