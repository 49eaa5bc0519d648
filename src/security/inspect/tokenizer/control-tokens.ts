import type { JsonScalar } from '#formats';
import type { Inspection } from '../inspection.ts';
import { isControlWord } from './ordinary-words.ts';

/** Files in which tokenizers name their control tokens by text. */
const TOKEN_FILES = new Set(['special_tokens_map.json', 'tokenizer_config.json']);
/** `eos_token`, `additional_special_tokens`, `extra_special_tokens`; with the text itself or in `content`. */
const BY_TEXT = /_tokens?$/;
/** `eos_token_id`, `image_token_index`, with one id or several. */
const BY_ID = /_token_(ids?|index)$/;
/** Flags of a token, beside its text. */
const FLAGS = new Set(['__type']);

/** Checks a value of a configuration file that names a control token by text or by id. */
export function checkControlToken(
  inspection: Inspection,
  file: string,
  path: readonly (string | number)[],
  value: JsonScalar,
  place: () => string,
): void {
  const names = path.filter((part) => typeof part === 'string');
  const key = names.at(-1);
  if (key === undefined) return;
  if (typeof value === 'number') {
    if (BY_ID.test(key)) inspection.claimToken(value, undefined, place());
    return;
  }
  if (typeof value !== 'string') return;
  const isStop = key === 'stop_strings' && /^\p{Ll}/u.test(value);
  const isNamed = TOKEN_FILES.has(file) && BY_TEXT.test(names[0]!) && !FLAGS.has(key);
  if ((isStop || isNamed) && isControlWord(value, inspection.ruleset))
    inspection.report(
      'tokenizer-added-token',
      place(),
      `the ordinary text ${JSON.stringify(value.slice(0, 60))} is a control token`,
    );
}
