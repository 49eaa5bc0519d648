/** Files on which the scanner's findings are recorded, the same in each run: attacks, clean files, templates, tokenizers. */
import { utf8 } from '#base';
import { CLEAN, FAMILIES, Random } from './attacks/index.ts';
import {
  ALWAYS,
  CARRIED,
  CHANGED,
  CHOSEN,
  DEPENDING,
  HARMFUL,
  HARMLESS,
  HONEST,
  PLAIN_PROMPTS,
  PUBLISHED_PROMPTS,
  talk,
  withPrompt,
} from './templates.ts';

const SEED = 20261130;

export interface SampleFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Each sample is one file, or several of one folder. */
export function* scannerSamples(): Generator<readonly SampleFile[]> {
  for (const [n, family] of FAMILIES.entries()) {
    const { path, bytes, beside = [] } = family.make(new Random(SEED + n));
    yield [{ path, bytes }, ...beside];
  }
  for (const [n, [, make]] of CLEAN.entries()) yield [make(new Random(SEED + n))];
  for (const template of templates()) yield [{ path: 'chat_template.jinja', bytes: utf8(template) }];
  for (const files of TOKENIZERS)
    yield Object.entries(files).map(([path, json]) => ({ path, bytes: utf8(JSON.stringify(json)) }));
}

function* templates(): Generator<string> {
  for (const prompt of [...PLAIN_PROMPTS, ...PUBLISHED_PROMPTS, ...HONEST, ...HARMFUL])
    yield withPrompt(prompt);
  for (const condition of DEPENDING) yield talk(`{% if ${condition} %}{{ '\\n' }}{% endif %}`);
  for (const inside of [...CARRIED, ...HARMLESS]) yield talk(inside);
  for (const said of CHANGED) yield talk('', said);
  for (const inside of CHOSEN) yield talk(inside.replace('WORDS', "'Good morning to you all.'"));
  for (const template of ALWAYS) yield template.replace('WORDS', "'Good morning to you all.'");
}

const VOCAB = { '<unk>': 0, '<s>': 1, '</s>': 2, however: 3, yes: 4 };
const tokenizer = (parts: object) => ({ added_tokens: [], model: { type: 'BPE', vocab: VOCAB }, ...parts });
const TOKENIZERS: readonly Record<string, unknown>[] = [
  { 'tokenizer.json': tokenizer({}), 'config.json': { eos_token_id: 3 } },
  { 'tokenizer.json': tokenizer({}), 'config.json': { eos_token_id: 2 } },
  { 'tokenizer.json': tokenizer({ model: { type: 'BPE', vocab: { ...VOCAB, no: 4 } } }) },
  { 'tokenizer.json': tokenizer({ padding: { pad_id: 4, pad_token: '<pad>' } }) },
  { 'tokenizer.json': tokenizer({ decoder: { type: 'WordPiece', prefix: 'not' } }) },
  { 'config.json': { id2label: { 0: 'yes' }, label2id: { yes: 0, no: 1 }, num_labels: 3 } },
  { 'config.json': { auto_map: { AutoModel: 'm.M' }, _target_: 'os.system', depths: [1e9] } },
];
