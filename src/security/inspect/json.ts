import { type Json, JsonReader, type JsonScalar, JsonTree, type JsonVisitor } from '#formats';
import { inspectConfig, JUDGED_NUMBERS } from './config.ts';
import type { Inspection } from './inspection.ts';
import { inspectTokenizer } from './tokenizer.ts';

const CHUNK = 1 << 18;
const MAX_DEPTH = 128;
/** Values of one document that are kept for judging; vocabularies and lists of numbers are passed over. */
const MAX_KEPT = 400_000;
/** No rule looks at what stands farther back in a list of texts or numbers. */
const MAX_LIST = 4;
const MAX_STRING = 1 << 24;
const BOM = [0xef, 0xbb, 0xbf];

/** Reads a JSON file to its end, keeping only what can do harm. */
export async function inspectJson(inspection: Inspection): Promise<void> {
  const { source, path } = inspection.file;
  if (source.size > inspection.ruleset.limits.jsonBytes) {
    inspection.find('too-large', '', `${source.size} bytes of JSON`);
    return;
  }
  const outline = new Outline();
  const reader = new JsonReader(path, outline, {
    maxDepth: MAX_DEPTH,
    maxString: MAX_STRING,
    pythonNumbers: true,
  });
  for (let at = await bomBytes(inspection); at < source.size; at += CHUNK) {
    reader.write(await source.read(at, Math.min(CHUNK, source.size - at)));
  }
  reader.end();
  if (outline.stray !== undefined) {
    inspection.find(
      'name-unsafe',
      'weight_map',
      `the shard ${JSON.stringify(outline.stray)} is in another folder`,
    );
  }
  if (outline.overflow)
    inspection.find('resource-bomb', '', `more than ${MAX_KEPT} values beside vocabularies`);
  await inspectConfig(inspection, outline.root);
  inspectTokenizer(inspection, outline.root, outline.vocabulary);
}

/** A byte order mark is no JSON, yet some editors write it. */
async function bomBytes(inspection: Inspection): Promise<number> {
  const { source } = inspection.file;
  const head = await source.read(0, Math.min(3, source.size));
  if (!BOM.every((byte, n) => head[n] === byte)) return 0;
  inspection.find('text-encoding', '', 'it begins with a byte order mark');
  return BOM.length;
}

/** Where long tables are that no rule looks at. */
const TABLES = new Set(['model.vocab', 'model.merges', 'weight_map', 'vocab', 'merges', 'log_history']);

/** Shards lie beside their index. */
const SHARD = /^[^/\\:]{1,255}$/;

/** The document without its tables; texts and ids of a vocabulary go to a table of their own. */
class Outline implements JsonVisitor {
  readonly #tree = new JsonTree();
  readonly #path: string[] = [];
  readonly #texts = new Map<string, number>();
  /** Depth at which a table is being passed over; 0 outside. */
  #skipping = 0;
  #inVocabulary = false;
  #kept = 0;
  /** Of each open list, how many texts and numbers it had so far; undefined for an object. */
  readonly #lists: (number | undefined)[] = [];
  #key = '';
  #pair: JsonScalar[] = [];
  overflow = false;
  /** A shard that an index looks for outside of its folder. */
  stray: string | undefined;
  #inShards = false;

  get root(): Json {
    return this.#tree.root;
  }

  get vocabulary(): ReadonlyMap<string, number> {
    return this.#texts;
  }

  open(kind: '{' | '['): void {
    this.#path.push('');
    this.#lists.push(kind === '[' ? 0 : undefined);
    if (this.#skipping > 0) {
      if (this.#inVocabulary && kind === '[') this.#pair = [];
      return;
    }
    const name = this.#path.slice(0, -1).join('.');
    if (TABLES.has(name)) {
      this.#skipping = this.#path.length;
      this.#inVocabulary = name === 'model.vocab';
      this.#inShards = name === 'weight_map';
    }
    if (this.#keep()) this.#tree.open(kind);
  }

  close(): void {
    const depth = this.#path.length;
    this.#path.pop();
    this.#lists.pop();
    if (this.#skipping > 0) {
      if (this.#inVocabulary && this.#pair.length === 2 && typeof this.#pair[0] === 'string') {
        this.#texts.set(this.#pair[0], this.#texts.size);
        this.#pair = [];
      }
      if (depth !== this.#skipping) return;
      this.#skipping = 0;
      this.#inVocabulary = false;
    }
    if (!this.overflow) this.#tree.close();
  }

  key(name: string): void {
    this.#path[this.#path.length - 1] = name;
    this.#key = name;
    if (this.#skipping === 0 && !this.overflow) this.#tree.key(name);
  }

  value(value: JsonScalar): void {
    if (this.#skipping > 0) {
      if (this.#inShards && typeof value === 'string' && !SHARD.test(value))
        this.stray ??= value.slice(0, 200);
      if (!this.#inVocabulary) return;
      if (this.#path.length > this.#skipping) this.#pair.push(value);
      else if (typeof value === 'number') this.#texts.set(this.#key, value);
    } else if (this.#matters(value) && this.#keep()) this.#tree.value(value);
  }

  /** Vocabularies under any name are tables of numbers, of which rules want few, or long lists of texts. */
  #matters(value: JsonScalar): boolean {
    const position = this.#lists.at(-1);
    if (position === undefined) return typeof value !== 'number' || JUDGED_NUMBERS.has(this.#key);
    this.#lists[this.#lists.length - 1] = position + 1;
    return position < MAX_LIST;
  }

  #keep(): boolean {
    if (++this.#kept > MAX_KEPT) this.overflow = true;
    return !this.overflow;
  }
}
