/**
 * Sets of characters as bit masks over a small alphabet that represents all of Unicode: ASCII, one or two characters
 * of each general category and of the scripts that tokenizers distinguish, and the characters that the pattern names.
 * Two classes that intersect in Unicode also intersect in this alphabet.
 */
export type CharacterSet = bigint;

/** Characters of early Unicode versions, whose properties every runtime knows. */
const REPRESENTATIVES =
  'éÉñÑßǅʰªº中国あアー한اهกडяЯαΩאաქ\u0301\u0903\u20dd٣५Ⅷ²½€£±×^´¨©®☺‿–—«»“”‘’¿¡。、·…（）「」\u00a0\u3000\u2003\u2028\u2029\u0085\u00ad\u200b\u200d\ufeff\ue000\ufdd0\u0378😀🏽🇩👍';

const POSIX: Readonly<Record<string, string>> = {
  alpha: '\\p{L}',
  digit: '\\p{Nd}',
  alnum: '[\\p{L}\\p{Nd}]',
  upper: '\\p{Lu}',
  lower: '\\p{Ll}',
  space: '\\s',
  punct: '[\\p{P}$+<=>^`|~]',
  word: '[\\p{L}\\p{N}_]',
  xdigit: '[0-9a-fA-F]',
  cntrl: '\\p{Cc}',
  print: '\\P{C}',
  graph: '[^\\s\\p{C}]',
  blank: '[ \\t]',
};

const NAMED: Readonly<Record<string, string>> = {
  s: '\\s',
  S: '\\S',
  d: '\\p{Nd}',
  D: '\\P{Nd}',
  w: '[\\p{L}\\p{M}\\p{N}\\p{Pc}]',
  W: '[^\\p{L}\\p{M}\\p{N}\\p{Pc}]',
  h: '[0-9a-fA-F]',
  H: '[^0-9a-fA-F]',
  R: '[\\n\\v\\f\\r\\x85\\u2028\\u2029]',
  X: '[^]',
  N: '[^\\n]',
};

/** The alphabet of one pattern, and the sets of its characters. */
export class Alphabet {
  readonly #characters: string[];
  readonly #lower: string[];
  readonly #all: CharacterSet;
  readonly #known = new Map<string, CharacterSet>();

  constructor(pattern: string) {
    const ascii = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));
    const named = [...pattern].flatMap((character) => neighbours(character.codePointAt(0)!));
    const escaped = [...pattern.matchAll(/\\[xuU]\{?([0-9a-fA-F]{2,8})/g)].flatMap(([, hex]) =>
      neighbours(Number.parseInt(hex!.slice(0, 6), 16)),
    );
    const extra = [...named, ...escaped].filter((character) => character > '\x7f').slice(0, 1024);
    this.#characters = [...new Set([...ascii, ...REPRESENTATIVES, ...extra])];
    this.#lower = this.#characters.map((character) => character.toLowerCase());
    this.#all = (1n << BigInt(this.#characters.length)) - 1n;
  }

  /** The complement of a set. */
  not = (set: CharacterSet): CharacterSet => this.#all & ~set;

  without = (character: string): CharacterSet => this.not(this.literal(character, false));

  literal(character: string, ignoreCase: boolean): CharacterSet {
    if (!ignoreCase) return this.#where((other) => other === character);
    const lower = character.toLowerCase();
    return this.#where((_, n) => this.#lower[n] === lower);
  }

  /** Characters between two code points, inclusive. */
  range(from: string, to: string, ignoreCase: boolean): CharacterSet {
    const [low, high] = [from.codePointAt(0)!, to.codePointAt(0)!];
    const inside = (other: string) => other.codePointAt(0)! >= low && other.codePointAt(0)! <= high;
    const folded = (other: string) => inside(other.toLowerCase()) || inside(other.toUpperCase());
    return this.#where(ignoreCase ? folded : inside);
  }

  /** The class of `\s`, `\w` and the like; undefined if the letter names none. */
  named = (letter: string): CharacterSet | undefined =>
    Object.hasOwn(NAMED, letter) ? this.#matching(NAMED[letter]!) : undefined;

  posix = (name: string): CharacterSet | undefined =>
    Object.hasOwn(POSIX, name) ? this.#matching(POSIX[name]!) : undefined;

  /** A Unicode property or script by the names that regex engines accept; undefined if unknown. */
  property(name: string): CharacterSet | undefined {
    const plain = name.replace(/[\s_-]/g, '').toLowerCase();
    if (Object.hasOwn(POSIX, plain)) return this.posix(plain);
    if (!/^[\w=]+$/.test(name)) return undefined;
    const value = name.replace(/^(sc|script|gc|general_category)=/i, '');
    const title = value.charAt(0).toUpperCase() + value.slice(1);
    for (const spelling of [value, title, `Script=${value}`, `Script=${title}`, name]) {
      try {
        return this.#matching(`\\p{${spelling}}`);
      } catch {
        // Not this spelling.
      }
    }
    return undefined;
  }

  #matching(expression: string): CharacterSet {
    const known = this.#known.get(expression);
    if (known !== undefined) return known;
    const pattern = new RegExp(`^(?:${expression})$`, 'u');
    const set = this.#where((character) => pattern.test(character));
    this.#known.set(expression, set);
    return set;
  }

  #where(test: (character: string, n: number) => boolean): CharacterSet {
    let set = 0n;
    this.#characters.forEach((character, n) => {
      if (test(character, n)) set |= 1n << BigInt(n);
    });
    return set;
  }
}

/** A character with its predecessor and successor, at which ranges may begin or end. */
function neighbours(code: number): string[] {
  return [code - 1, code, code + 1]
    .filter((near) => near >= 0 && near <= 0x10ffff && !(near >= 0xd800 && near <= 0xdfff))
    .map((near) => String.fromCodePoint(near));
}
