import { type Json, type JsonScalar, JsonTree } from '#formats';
import { codeReference, kerasReference, TRANSFORMERS_CLASS } from '../code/code-references.ts';
import type { Inspection } from '../inspection.ts';
import { baseName } from '../name/kind-of-name.ts';
import { isUnsafePath } from '../name/unsafe-name.ts';
import { type AddedToken, inspectRegex, TokenList } from '../tokenizer/added-tokens.ts';
import { checkControlToken } from '../tokenizer/control-tokens.ts';
import { isControlWord } from '../tokenizer/ordinary-words.ts';
import { checkTokenizerPart } from '../tokenizer/pipeline.ts';
import { TokenIds } from '../tokenizer/token-ids.ts';
import { Labels } from './labels.ts';
import { PositionedVisitor } from './positioned-visitor.ts';
import { exceededSize } from './sizes.ts';

/** Libraries whose classes diffusers' model_index.json may name without code of the model's own. */
const DIFFUSERS_LIBRARIES = new Set([
  'diffusers',
  'transformers',
  'stable_diffusion',
  'onnxruntime',
  'onnx',
  'optimum',
  'flax',
  'paddlenlp',
  'ppdiffusers',
  'k_diffusion',
]);
/** Some tools store the template's file name where others store the template. */
const TEMPLATE_FILE = /^[\w-][\w.-]*(\/[\w-][\w.-]*){0,4}\.(jinja2?|j2)$/;
/** Parts of tokenizer.json that transform text. */
const TOKENIZER_PARTS = new Set(['normalizer', 'pre_tokenizer', 'decoder', 'post_processor', 'padding']);
/** Files that are maps of text to id: their keys are no settings. */
const VOCABULARY_FILES = new Set(['vocab.json', 'added_tokens.json']);
/** Files in which diffusers names library and class of each part of a pipeline. */
const PIPELINES = new Set(['model_index.json', 'modular_model_index.json']);
const TEMPLATE_KEYS = new Set(['chat_template', 'chat_templates']);
/** Long tables that no rule applies to. */
const TABLES: readonly string[][] = [
  ['model', 'vocab'],
  ['model', 'merges'],
  ['vocab'],
  ['merges'],
  ['log_history'],
];
/** Shards must lie in the same folder as their index. */
const isShard = (name: string): boolean => name.length <= 255 && !name.includes('/') && !isUnsafePath(name);
const MAX_PATTERNS = 128;
/** Values and characters that may be buffered until the enclosing part ends. */
const MAX_KEPT_VALUES = 50_000;
const MAX_KEPT_TEXT = 1 << 23;

/** A part of the document that is checked as a whole once it is complete. */
interface Part {
  readonly tree: JsonTree;
  readonly key: string;
  readonly place: string;
  readonly depth: number;
}

/**
 * Checks the configuration of any library while it is read: references to code, excessive sizes, shards in other
 * folders, tokenizer patterns. Collects chat templates and added tokens.
 */
export class ConfigChecker extends PositionedVisitor {
  /** Pairs of template and place. */
  readonly templates: [string, string][] = [];
  hasVocabulary = false;
  /** The ids of the vocabulary. */
  readonly ids = new TokenIds();
  readonly #inspection: Inspection;
  readonly #name: string;
  readonly #tokens: TokenList;
  readonly #labels: Labels;
  readonly #parts: Part[] = [];
  /** `module` and `class_name` of open objects, by depth: Keras' layers. */
  readonly #layers = new Map<number, { module?: string; class_name?: string }>();
  #values = MAX_KEPT_VALUES;
  #characters = MAX_KEPT_TEXT;
  #overflow = false;
  #patterns = 0;
  /** Depth of the table that is being skipped; −1 outside of one. */
  #tableDepth = -1;

  constructor(inspection: Inspection) {
    super();
    this.#inspection = inspection;
    this.#name = baseName(inspection.file.path);
    this.#tokens = new TokenList();
    this.#labels = new Labels(inspection);
  }

  /** Reports findings about the document as a whole. Returns the added tokens. */
  finish(): readonly AddedToken[] {
    if (this.#patterns > MAX_PATTERNS) {
      this.#inspection.report('tokenizer-regex', '', `${this.#patterns} patterns`);
    }
    if (this.#tokens.overflow)
      this.#inspection.report('resource-bomb', 'added_tokens', 'too many added tokens');
    if (this.#overflow) {
      this.#inspection.report('resource-bomb', '', 'more templates and classes than any model has');
    }
    if (this.ids.impossible !== undefined)
      this.#inspection.report('resource-bomb', 'model.vocab', `the id ${this.ids.impossible}`);
    this.#labels.finish();
    this.#claimAddedTokens();
    return this.#tokens.tokens;
  }

  /** tokenizer_config.json gives control tokens ids of its own. */
  #claimAddedTokens(): void {
    for (const { id, content, special, list, entry } of this.#tokens.tokens) {
      if (list === 'added_tokens_decoder' && special)
        this.#inspection.claimToken(id, content, `${list}.${entry}`);
    }
  }

  protected override opened(kind: '{' | '['): void {
    if (this.#tableDepth >= 0) return;
    for (const { tree } of this.#parts) if (this.#keep(0)) tree.open(kind);
    const key = this.path.at(-1);
    if (typeof key !== 'string') return;
    if (TABLES.some((table) => this.isAt(...table))) {
      this.#tableDepth = this.path.length;
      this.hasVocabulary ||= this.isAt('model', 'vocab');
    } else if (TEMPLATE_KEYS.has(key) || this.#isTokenizerPart(key) || this.#isClassOfPipeline(kind)) {
      const tree = new JsonTree();
      tree.open(kind);
      this.#parts.push({ tree, key, place: this.place, depth: this.path.length });
    }
  }

  protected override closed(): void {
    if (this.#tableDepth >= 0) {
      if (this.#tableDepth === this.path.length) this.#tableDepth = -1;
      else return;
    }
    this.#layers.delete(this.path.length + 1);
    for (const { tree } of this.#parts) if (!this.#overflow) tree.close();
    if (this.#parts.at(-1)?.depth !== this.path.length) return;
    const { tree, key, place } = this.#parts.pop()!;
    this.#checkPart(key, tree.root, place);
  }

  override key(name: string): void {
    super.key(name);
    for (const { tree } of this.#parts) tree.key(name);
  }

  protected override scalar(value: JsonScalar): void {
    if (this.#tableDepth >= 0) {
      if (this.path.length === 3 && this.path[1] === 'vocab' && typeof value === 'number')
        this.ids.add(value);
      return;
    }
    if (VOCABULARY_FILES.has(this.#name)) {
      if (this.path.length === 1 && typeof value === 'number') this.ids.add(value);
      return;
    }
    for (const { tree } of this.#parts) {
      if (this.#keep(typeof value === 'string' ? value.length : 0)) tree.value(value);
    }
    const place = () => this.place;
    this.#tokens.scalar(this.path, value);
    this.#labels.scalar(this.path, value, place);
    checkControlToken(this.#inspection, this.#name, this.path, value, place);
    const reference = codeReference(this.path, value);
    if (reference) this.#inspection.report('remote-code', this.place, reference);
    const key = this.path.findLast((part) => typeof part === 'string') as string | undefined;
    if (key === undefined) return;
    if (typeof value === 'number') this.#checkSize(key, value);
    if (typeof value === 'string') {
      this.#checkLayer(key, value);
      if (key === this.path.at(-1)) this.#checkText(key, value);
    }
  }

  #checkSize(key: string, value: number): void {
    if (exceededSize(key, value) !== undefined)
      this.#inspection.report('resource-bomb', this.place, `${key} is ${value}`);
    else if (key === 'unk_id' && this.isAt('model', 'unk_id'))
      this.#inspection.claimToken(value, undefined, this.place);
  }

  /** Keras imports the class of each layer. */
  #checkLayer(key: string, value: string): void {
    if (key === 'class_name' && (value === 'Lambda' || value === 'TFSMLayer'))
      this.#inspection.report('keras-code', this.place, `a layer ${value}`);
    if (key !== 'class_name' && key !== 'module') return;
    const layer = { ...this.#layers.get(this.path.length), [key]: value };
    this.#layers.set(this.path.length, layer);
    const { module, class_name: name } = layer;
    const reference = module !== undefined && name !== undefined && kerasReference(module, name);
    if (reference) this.#inspection.report('remote-code', this.place, reference);
  }

  #checkText(key: string, value: string): void {
    if (TEMPLATE_KEYS.has(key)) {
      if (this.#keep(value.length)) this.#checkPart(key, value, this.place);
    } else if (key === 'Regex' && ++this.#patterns <= MAX_PATTERNS) {
      inspectRegex(this.#inspection, value, this.place);
    } else if (this.isAt('model', 'unk_token')) {
      if (isControlWord(value, this.#inspection.ruleset))
        this.#inspection.report(
          'tokenizer-added-token',
          this.place,
          `unknown text becomes ${JSON.stringify(value)}`,
        );
    } else if (key === 'type' && this.#name === 'modules.json' && this.path.length === 2) {
      if (typeof this.path[0] === 'number' && !TRANSFORMERS_CLASS.test(value)) {
        this.#inspection.report('remote-code', this.place, `creates ${value}`);
      }
    } else if (this.path.length > 1 && this.path[0] === 'weight_map' && !isShard(value)) {
      const shard = JSON.stringify(value.slice(0, 200));
      this.#inspection.report(
        'name-unsafe',
        'weight_map',
        `the shard ${shard} is in another folder or reserved on some system`,
      );
    }
  }

  #isTokenizerPart(key: string): boolean {
    return this.path.length === 1 && TOKENIZER_PARTS.has(key);
  }

  /** diffusers' model_index.json gives library and class of each part as a pair. */
  #isClassOfPipeline(kind: '{' | '['): boolean {
    return kind === '[' && PIPELINES.has(this.#name) && this.path.length === 1;
  }

  #checkPart(key: string, value: Json, place: string): void {
    if (TEMPLATE_KEYS.has(key)) this.templates.push(...templatesIn(value, place));
    else if (TOKENIZER_PARTS.has(key)) checkTokenizerPart(this.#inspection, value, place);
    else checkClass(this.#inspection, value, place);
  }

  #keep(characters: number): boolean {
    this.#values--;
    this.#characters -= characters;
    this.#overflow ||= this.#values < 0 || this.#characters < 0;
    return !this.#overflow;
  }
}

function checkClass(inspection: Inspection, value: Json, place: string): void {
  if (!Array.isArray(value) || value.length < 2) return;
  const [library, name] = value;
  if (typeof library === 'string' && typeof name === 'string' && !isKnownLibrary(library)) {
    inspection.report('remote-code', place, `a class of ${library}`);
  }
}

const isKnownLibrary = (library: string): boolean => DIFFUSERS_LIBRARIES.has(library.split('.')[0]!);

/** Templates under a key: one string, a list of named templates, or a map. */
function templatesIn(value: Json, place: string): [string, string][] {
  if (typeof value === 'string') return TEMPLATE_FILE.test(value) ? [] : [[value, place]];
  if (Array.isArray(value)) {
    return value.flatMap((item, n) =>
      isObject(item) ? templatesIn(item.template ?? null, `${place}[${n}]`) : [],
    );
  }
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([name, inner]): [string, string][] =>
    typeof inner === 'string' ? [[inner, `${place}.${name}`]] : [],
  );
}

const isObject = (value: Json | undefined): value is { [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
