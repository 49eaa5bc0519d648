/** A key of a YAML document with its ancestors, and its value if that is a scalar. */
export interface YamlPair {
  readonly path: readonly string[];
  readonly value: string;
}

const PLAIN_KEY = /^([\w.@$-]{1,80})[ \t]*:(?:[ \t]+|$)/;
const QUOTED_KEY = /^(?:"((?:[^"\\]|\\.){1,200})"|'([^']{1,200})')[ \t]*:(?:[ \t]*|$)/;
/** Markers before a value: a tag or an anchor. */
const PROPERTIES = /^(?:[!&][^\s,{}[\]]{0,200}[ \t]+){1,2}/;
/** The head of a block scalar, whose text is in the lines behind it. */
const BLOCK = /^[|>][-+0-9]{0,2}[ \t]*(?:#.*)?$/;
/** An entry of a mapping in braces. */
const FLOW_ENTRY = /[{,][ \t]*["']?([\w.@$-]{1,80})["']?[ \t]*:[ \t]*["']?([^"',{}[\]]{0,400})/g;
/** Longest value that is kept: loaders resolve only names. */
const MAX_VALUE = 400;
const MAX_DEPTH = 64;

/**
 * The pairs of keys and scalars in block and flow style, with quotes, escapes, tags, anchors, explicit keys (`? key`)
 * and block scalars undone (YAML 1.2). Aliases are kept as `*name`. Takes any text; linear in its length.
 */
export function* yamlPairs(text: string): Generator<YamlPair> {
  const open: { indent: number; key: string }[] = [];
  /** A key whose value may be in the next line. */
  let waiting: { path: string[]; indent: number } | undefined;
  for (const whole of text.split('\n')) {
    const line = whole.trimEnd();
    const content = line.replace(/^[ \t]*(?:[-?] +|: +)*/, '');
    if (content === '' || content.startsWith('#')) continue;
    const indent = line.length - content.length;
    const [found, key] = keyOf(content, /^[ \t]*(?:- +)*\? /.test(line)) ?? [];
    if (key === undefined) {
      if (waiting && indent >= waiting.indent) yield { path: waiting.path, value: scalarOf(content) };
      waiting = undefined;
      yield* flowPairs(
        content,
        open.filter((entry) => entry.indent < indent).map((entry) => entry.key),
      );
      continue;
    }
    while ((open.at(-1)?.indent ?? -1) >= indent) open.pop();
    if (open.length < MAX_DEPTH) open.push({ indent, key });
    const path = open.map((entry) => entry.key);
    const value = content.slice(found!.length).replace(PROPERTIES, '');
    waiting =
      value === '' || BLOCK.test(value) || /^[!&]\S+$/.test(value) || value.startsWith('#')
        ? { path, indent }
        : undefined;
    if (waiting) continue;
    if (/^[{[]/.test(value)) yield* flowPairs(value, path);
    else yield { path, value: scalarOf(value) };
  }
}

function* flowPairs(text: string, above: readonly string[]): Generator<YamlPair> {
  for (const [, key, value] of (text.includes('\\') ? unescaped(text) : text).matchAll(FLOW_ENTRY))
    yield { path: [...above, key!], value: value!.trim().replace(PROPERTIES, '') };
}

/** An explicit key ends its line: its value is behind a colon in the next one. */
function keyOf(content: string, isExplicit: boolean): [found: string, key: string] | undefined {
  const line = isExplicit && !/:(?:\s|$)/.test(content) ? `${content}:` : content;
  const plain = PLAIN_KEY.exec(line);
  if (plain) return [plain[0], plain[1]!];
  const [found, double, single] = QUOTED_KEY.exec(line) ?? [];
  if (found === undefined) return undefined;
  return [found, double === undefined ? single! : unescaped(double)];
}

function scalarOf(value: string): string {
  const quoted = /^"((?:[^"\\]|\\.)*)"|^'([^']*)'/.exec(value);
  const plain = quoted ? undefined : value.split(/[ \t]#/, 1)[0]!;
  const text = plain ?? (quoted![1] === undefined ? quoted![2]! : unescaped(quoted![1]));
  return text.trim().slice(0, MAX_VALUE);
}

/** Undoes the escapes of a double-quoted scalar that stand for printable characters. */
const unescaped = (text: string): string =>
  text.replace(/\\(?:x([\da-f]{2})|u([\da-f]{4})|U([\da-f]{8})|(.))/gi, (_, two, four, eight, other) => {
    const hex: string | undefined = two ?? four ?? eight;
    if (hex === undefined) return String(other);
    const code = Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : '';
  });
