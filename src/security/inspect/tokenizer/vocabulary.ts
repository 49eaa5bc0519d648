import { BitorchError } from '#base';
import { JsonReader, type JsonScalar, type ModelFile, readSentencePiece } from '#formats';
import { PositionedVisitor } from '../configuration/positioned-visitor.ts';
import { baseName } from '../name/kind-of-name.ts';

const CHUNK = 1 << 16;
/** Maximum texts that are kept for an id. */
const MAX_TEXTS = 4;

/**
 * The texts of some ids of a vocabulary, added tokens first: tokenizer.json, a map of text to id (vocab.json),
 * SentencePiece, or a list by line. Empty for a file that cannot be read, which its inspection reports.
 */
export async function textsById(
  file: ModelFile,
  wanted: ReadonlySet<number>,
): Promise<Map<number, string[]>> {
  const texts = new Map<number, string[]>();
  const add: Add = (id, text, isAdded = false) => {
    if (!wanted.has(id)) return;
    const known = texts.get(id) ?? [];
    texts.set(id, isAdded ? [text, ...known] : [...known, text].slice(0, MAX_TEXTS));
  };
  try {
    await read(file, add);
  } catch (error) {
    if (!(error instanceof BitorchError)) throw error;
    return new Map();
  }
  return texts;
}

type Add = (id: number, text: string, isAdded?: boolean) => void;

async function read(file: ModelFile, add: Add): Promise<void> {
  const name = baseName(file.path);
  if (name.endsWith('.model')) {
    let id = 0;
    await readSentencePiece(file.source, ({ piece }) => add(id++, piece));
  } else if (name.endsWith('.txt')) await readLines(file, add);
  else await readJson(file, new Entries(name === 'tokenizer.json' ? ['model', 'vocab'] : [], add));
}

async function readJson({ source, path }: ModelFile, visitor: Entries): Promise<void> {
  const reader = new JsonReader(path, visitor, { maxDepth: 128, maxString: 1 << 22, pythonNumbers: true });
  for (let at = 0; at < source.size; at += CHUNK)
    reader.write(await source.read(at, Math.min(CHUNK, source.size - at)));
  reader.end();
}

/** Longest line of a vocabulary; the rest of a longer one is ignored. */
const MAX_LINE = 1 << 12;

async function readLines({ source }: ModelFile, add: Add): Promise<void> {
  const decoder = new TextDecoder();
  let id = 0;
  let rest = '';
  for (let at = 0; at < source.size; at += CHUNK) {
    const lines = (
      rest + decoder.decode(await source.read(at, Math.min(CHUNK, source.size - at)), { stream: true })
    ).split('\n');
    rest = lines.pop()!.slice(0, MAX_LINE);
    for (const line of lines) add(id++, line.replace(/\r$/, ''));
  }
  if (rest !== '') add(id, rest);
}

/** The entries of a vocabulary in JSON: `"text": id`, or pairs of text and score whose index is the id; added tokens. */
class Entries extends PositionedVisitor {
  readonly #table: readonly string[];
  readonly #add: Add;
  #id = Number.NaN;
  #content: string | undefined;

  constructor(table: readonly string[], add: Add) {
    super();
    this.#table = table;
    this.#add = add;
  }

  protected override opened(): void {
    if (this.path[0] !== 'added_tokens' || this.path.length !== 2) return;
    this.#id = Number.NaN;
    this.#content = undefined;
  }

  protected override scalar(value: JsonScalar): void {
    const depth = this.#table.length;
    if (this.path[0] === 'added_tokens' && depth > 0) {
      this.#added(value);
      return;
    }
    if (!this.#table.every((name, n) => this.path[n] === name)) return;
    const [entry, part] = this.path.slice(depth);
    if (typeof entry === 'string' && typeof value === 'number' && this.path.length === depth + 1)
      this.#add(value, entry);
    else if (typeof entry === 'number' && part === 0 && typeof value === 'string') this.#add(entry, value);
  }

  #added(value: JsonScalar): void {
    const [, , field] = this.path;
    if (field === 'id') this.#id = Number(value);
    else if (field === 'content') this.#content = String(value);
    else return;
    if (!Number.isNaN(this.#id) && this.#content !== undefined) this.#add(this.#id, this.#content, true);
  }
}
