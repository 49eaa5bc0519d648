/** Writes pickles that would run something: one gadget, many ways to spell it. */
import { concat, utf8 } from '#base';
import type { Random } from './random.ts';

const GADGETS: readonly (readonly [module: string, name: string, argument: string])[] = [
  ['os', 'system', 'id'],
  ['posix', 'system', 'true'],
  ['nt', 'system', 'whoami'],
  ['builtins', 'eval', '1+1'],
  ['builtins', 'exec', 'pass'],
  ['__builtin__', 'eval', '1+1'],
  ['subprocess', 'getoutput', 'id'],
  ['runpy', 'run_path', '/tmp/x.py'],
  ['importlib', 'import_module', 'antigravity'],
  ['marshal', 'loads', 'x'],
  ['code', 'interact', 'x'],
  ['webbrowser', 'open', 'http://example.invalid'],
  ['ctypes', 'CDLL', 'x.so'],
  ['pty', 'spawn', '/bin/sh'],
  ['pkgutil', 'resolve_name', 'os:system'],
  ['cloudpickle.cloudpickle', 'loads', 'x'],
  ['dill', 'loads', 'x'],
  ['torch', 'load', 'x.pt'],
  ['torch.hub', 'load', 'a/b'],
  ['numpy', 'load', 'x.npy'],
  ['joblib', 'load', 'x.joblib'],
  ['sqlite3', 'connect', 'x.db'],
  ['smtplib', 'SMTP', 'example.invalid'],
  ['_posixsubprocess', 'fork_exec', 'x'],
  ['types', 'FunctionType', 'x'],
  ['logging.config', 'listen', '9999'],
  ['torch.storage', '_load_from_bytes', 'x'],
];

const op = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
const line = (text: string): Uint8Array => utf8(`${text}\n`);
const uint32 = (value: number): Uint8Array => Uint8Array.of(value, value >> 8, value >> 16, value >>> 24);

/** A text on the stack, in one of the spellings of a protocol. */
function text(random: Random, protocol: number, value: string): Uint8Array {
  const bytes = utf8(value);
  const old = [concat([op('S'), line(`'${value}'`)]), concat([op('V'), line(value)])];
  const binary = [
    concat([op('X'), uint32(bytes.length), bytes]),
    concat([op('U'), Uint8Array.of(bytes.length), bytes]),
  ];
  const short = concat([Uint8Array.of(0x8c, bytes.length), bytes]);
  if (protocol === 0) return random.pick(old);
  return random.pick(protocol >= 4 ? [short, ...binary, ...old] : [...binary, ...old]);
}

const global = (random: Random, protocol: number, module: string, name: string): Uint8Array =>
  protocol >= 4 && random.chance(2)
    ? concat([text(random, 4, module), memo(random), text(random, 4, name), op('\x93')])
    : concat([op('c'), line(module), line(name)]);

/** Something remembered that nobody asks for, or nothing. */
function memo(random: Random): Uint8Array {
  const n = random.below(200);
  return random.pick([
    op(''),
    op(''),
    concat([op('q'), Uint8Array.of(n)]),
    concat([op('r'), uint32(n)]),
    concat([op('p'), line(`${n}`)]),
  ]);
}

/** The call, in one of the ways that the unpickler has for it. */
function call(random: Random, protocol: number, withArgument: boolean): Uint8Array {
  const [module, name, argument] = random.pick(GADGETS);
  const callable = global(random, protocol, module, name);
  const value = withArgument ? concat([text(random, protocol, argument), memo(random)]) : op('');
  const tuple = concat([op('('), value, op('t')]);
  const ways = [
    concat([callable, memo(random), tuple, memo(random), op('R')]),
    concat([op('('), value, op('i'), line(module), line(name)]),
    concat([op('('), callable, value, op('o')]),
  ];
  if (protocol >= 2) ways.push(concat([callable, tuple, op('\x81')]));
  return random.pick(ways);
}

/** Harmless values around the call. */
function wrap(random: Random, inner: Uint8Array): Uint8Array {
  const around = [
    inner,
    concat([op(']'), inner, op('a')]),
    concat([op('('), op('K\x01'), inner, op('l')]),
    concat([op('}'), op('U\x01k'), inner, op('s')]),
    concat([op('K\x07'), op('0'), inner]),
    concat([op('('), op('N'), op('1'), inner]),
    concat([inner, op('0'), op(']')]),
  ];
  return random.pick(around);
}

export interface PickleOptions {
  /** Break off after the call: Python has run it by then. */
  truncated?: boolean;
  protocol?: number;
}

/** A pickle that calls something when it is loaded. */
export function maliciousPickle(
  random: Random,
  { truncated = random.chance(6), protocol = random.below(6) }: PickleOptions = {},
): Uint8Array {
  const head = protocol >= 2 ? Uint8Array.of(0x80, protocol) : op('');
  let body = call(random, protocol, !random.chance(8));
  for (let depth = random.below(3); depth > 0; depth--) body = wrap(random, body);
  if (random.chance(8))
    body = concat([global(random, protocol, 'collections', 'OrderedDict'), op(')R'), op('0'), body]);
  const whole = concat([head, body, op('.')]);
  if (truncated) return concat([head, body, random.pick([op(''), op('\xff'), op('h\xee'), op('?')])]);
  if (random.chance(8)) return concat([Uint8Array.of(0x80, 2), op('K\x01.'), whole]);
  return whole;
}

/** A pickle of plain data, as honest people write it. */
export function harmlessPickle(random: Random, protocol = random.between(2, 5)): Uint8Array {
  const pairs = Array.from({ length: random.between(1, 5) }, () =>
    concat([op('X'), uint32(4), utf8(random.word(4)), op('K'), Uint8Array.of(random.below(256))]),
  );
  return concat([Uint8Array.of(0x80, protocol), op('}('), ...pairs, op('u.')]);
}
