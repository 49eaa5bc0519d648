/** Which texts the lists of harmful words can judge: their languages, in their own letters. */

/** Words that hardly a sentence of a language does without. */
const FUNCTION_WORDS = new Set(
  (
    'a an the of to in for and or is are be you your i me my we our with on as at by it its this that from who what if when not no do can will ' +
    'der die das den dem des ein eine einen einem einer und oder ist sind du dein deine sie ihr ihre ich mit für auf als bei von zu im am auf wenn nicht kann wird dich dir dein ' +
    'le la les un une des du de et ou est es sont tu vous votre vos je nous avec pour sur comme par dans que qui si en au aux il elle ' +
    'el los las una unos del y o eres son usted tú tu su sus con para por como que quien al se ' +
    'o os as um uma do da dos das e ou é são você seu sua com por como em no na que se ' +
    'il lo gli i uno della dei delle e sei sono tu che con per come di da in nel si ' +
    'de het een en of is zijn je jij jouw u uw ik met voor op als bij van te aan die dat wie als niet kan ' +
    'ты вы я мы он она и или в на с для по как что кто если не это твой твоя ваш от до из за к о у а то'
  ).split(' '),
);
const JUDGED_SCRIPTS =
  /^[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Common}\p{Script=Inherited}]*$/u;
/** Letters of one alphabet that look like those of another. */
const MIXED =
  /(?:\p{Script=Latin}[\p{Script=Cyrillic}\p{Script=Greek}])|(?:[\p{Script=Cyrillic}\p{Script=Greek}]\p{Script=Latin})/u;
/** Base64 and the like. */
const ENCODED = /[A-Za-z0-9+/]{24,}/g;
const LONG_WORD = /[A-Za-z]{40}/;
const SPELLED_WORD = /[\p{Script=Latin}\p{Script=Cyrillic}][\p{Script=Latin}\p{Script=Cyrillic}\p{M}]*/gu;
const MIN_WORDS = 5;
/** Of so many words one is a function word. */
const SPREAD = 10;

/** Why nobody can say what a sentence tells a model, in words; undefined when it is in a language that is judged. */
export function unreadableIn(sentence: string, isPlain: (word: string) => boolean): string | undefined {
  if (MIXED.test(sentence)) return 'letters of several alphabets in one word';
  const runs = sentence.match(ENCODED) ?? [];
  if (LONG_WORD.test(sentence) || runs.some((run) => /\d/.test(run) && /[a-z]/.test(run)))
    return 'an encoded text';
  if (!JUDGED_SCRIPTS.test(sentence)) return 'a language that the scanner does not know';
  const words = sentence.toLowerCase().match(SPELLED_WORD) ?? [];
  const joints = words.filter((word) => FUNCTION_WORDS.has(word) || isPlain(word)).length;
  const isList = (sentence.match(/[,/|;、]/g)?.length ?? 0) * 3 >= words.length;
  if (words.length < MIN_WORDS || isList || joints * SPREAD >= words.length) return undefined;
  return 'a language that the scanner does not know';
}
