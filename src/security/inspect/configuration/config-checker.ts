import { type Json, type JsonScalar, JsonTree } from '#formats';
import { codeReference, TRANSFORMERS_CLASS } from '../code/code-references.ts';
import type { Inspection } from '../inspection.ts';
import { baseName } from '../name/kind-of-name.ts';
import { isUnsafePath } from '../name/unsafe-name.ts';
import { type AddedToken, inspectRegex, TokenList } from '../tokenizer/added-tokens.ts';
import { isOrdinaryWord } from '../tokenizer/ordinary-words.ts';
import { checkTokenizerPart } from '../tokenizer/pipeline.ts';
import { PositionedVisitor } from './positioned-visitor.ts';

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
/** Maximum sizes; larger ones would exhaust memory when the model is built. */
const DIMENSIONS: Readonly<Record<string, number>> = {
  hidden_size: 1 << 20,
  intermediate_size: 1 << 22,
  num_hidden_layers: 1 << 14,
  num_attention_heads: 1 << 16,
  vocab_size: 1 << 26,
  n_embd: 1 << 20,
  n_layer: 1 << 14,
  n_layers: 1 << 14,
  num_layers: 1 << 14,
  num_decoder_layers: 1 << 14,
  encoder_layers: 1 << 14,
  decoder_layers: 1 << 14,
  n_head: 1 << 16,
  num_heads: 1 << 16,
  num_key_value_heads: 1 << 16,
  num_experts: 1 << 16,
  num_local_experts: 1 << 16,
  n_routed_experts: 1 << 16,
  head_dim: 1 << 16,
  d_model: 1 << 20,
  d_ff: 1 << 22,
  d_kv: 1 << 16,
  num_labels: 1 << 22,
  // Every text is padded to this length, or to a multiple of it.
  Fixed: 1 << 20,
  pad_to_multiple_of: 1 << 16,
};
/** Some tools store the template's file name where others store the template. */
const TEMPLATE_FILE = /^[\w-][\w.-]*(\/[\w-][\w.-]*){0,4}\.(jinja2?|j2)$/;
const CODE_KEYS = new Set(['auto_map', 'custom_pipelines', 'custom_pipeline']);
/** Parts of tokenizer.json that transform text. */
const TOKENIZER_PARTS = new Set(['normalizer', 'decoder', 'post_processor']);
/** Files in which tokenizers name their control tokens. */
const TOKEN_FILES = new Set(['special_tokens_map.json', 'tokenizer_config.json']);
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
  readonly #inspection: Inspection;
  readonly #name: string;
  readonly #tokens: TokenList;
  readonly #parts: Part[] = [];
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
    return this.#tokens.tokens;
  }

  protected override opened(kind: '{' | '['): void {
    if (this.#tableDepth >= 0) return;
    for (const { tree } of this.#parts) if (this.#keep(0)) tree.open(kind);
    const key = this.path.at(-1);
    if (typeof key !== 'string') return;
    if (TABLES.some((table) => this.isAt(...table))) {
      this.#tableDepth = this.path.length;
      this.hasVocabulary ||= this.isAt('model', 'vocab');
    } else if (
      CODE_KEYS.has(key) ||
      TEMPLATE_KEYS.has(key) ||
      this.#isTokenizerPart(key) ||
      this.#isClassOfPipeline(kind)
    ) {
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
    if (this.#tableDepth >= 0) return;
    for (const { tree } of this.#parts) {
      if (this.#keep(typeof value === 'string' ? value.length : 0)) tree.value(value);
    }
    this.#tokens.scalar(this.path, value);
    const reference = codeReference(this.path, value);
    if (reference) this.#inspection.report('remote-code', this.place, reference);
    if (typeof value === 'string') this.#checkControlToken(value);
    const key = this.path.at(-1);
    if (typeof key !== 'string') return;
    checkEntry(this.#inspection, key, value, () => this.place);
    if (typeof value === 'string') this.#checkText(key, value);
  }

  /** Control tokens are given as `eos_token: "</s>"`, or as an object with the text in `content`. */
  #checkControlToken(value: string): void {
    const [name, field] = this.path;
    if (!TOKEN_FILES.has(this.#name) || typeof name !== 'string' || !/_tokens?$/.test(name)) return;
    if (this.path.length > 2 || (typeof field === 'string' && field !== 'content')) return;
    if (isOrdinaryWord(value) && !this.#inspection.ruleset.tokenizer.ordinaryAddedTokens.includes(value)) {
      this.#inspection.report(
        'tokenizer-added-token',
        this.place,
        `the ordinary text ${JSON.stringify(value.slice(0, 60))} is a control token`,
      );
    }
  }

  #checkText(key: string, value: string): void {
    if (TEMPLATE_KEYS.has(key)) {
      if (this.#keep(value.length)) this.#checkPart(key, value, this.place);
    } else if (key === 'Regex' && ++this.#patterns <= MAX_PATTERNS) {
      inspectRegex(this.#inspection, value, this.place);
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
    return kind === '[' && this.#name === 'model_index.json' && this.path.length === 1;
  }

  #checkPart(key: string, value: Json, place: string): void {
    if (CODE_KEYS.has(key)) checkEntry(this.#inspection, key, value, () => place);
    else if (TEMPLATE_KEYS.has(key)) this.templates.push(...templatesIn(value, place));
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

function checkEntry(inspection: Inspection, key: string, value: Json, place: () => string): void {
  if (CODE_KEYS.has(key) && !isEmpty(value)) {
    inspection.report('remote-code', place(), `${key}: ${JSON.stringify(value).slice(0, 160)}`);
  } else if (key === 'class_name' && (value === 'Lambda' || value === 'TFSMLayer')) {
    inspection.report('keras-code', place(), `a layer ${value}`);
  } else if (Object.hasOwn(DIMENSIONS, key) && typeof value === 'number' && value > DIMENSIONS[key]!) {
    inspection.report('resource-bomb', place(), `${key} is ${value}`);
  }
}

function checkClass(inspection: Inspection, value: Json, place: string): void {
  if (!Array.isArray(value) || value.length !== 2) return;
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
const isEmpty = (value: Json): boolean =>
  value === null ||
  value === '' ||
  value === false ||
  (typeof value === 'object' && Object.keys(value).length === 0);
