/** Pickles of opcodes in any order, each with an argument of its own form. */
import { concat, utf8 } from '#base';
import { type Argument, OPCODES } from '../../../src/formats/pickle/opcodes.ts';
import type { Random } from '../attacks/index.ts';
import { scramble } from './bytes.ts';

const LINES = [
  '0',
  '1',
  '00',
  '01',
  '-7',
  '12L',
  '1_0',
  '0x1f',
  '99999999999999999999',
  "'x'",
  "'\\x41\\101\\n'",
  'nan',
  '1e5',
  'os',
  'a.b',
  '\\u0041',
  '"',
  '',
];
const CODES = OPCODES.flatMap((opcode, code) =>
  opcode && opcode.name !== 'STOP' ? [{ ...opcode, code }] : [],
);
/** Opcodes that push something, and need nothing. */
const PUSHING = CODES.filter(({ name }) =>
  /^(BININT|INT|LONG|NONE|NEW(TRUE|FALSE)|BIN(STRING|UNICODE|BYTES)|SHORT_BIN|EMPTY_|UNICODE|STRING|GLOBAL|MARK|BINFLOAT|PERSID|BYTEARRAY8|NEXT_BUFFER)/.test(
    name,
  ),
);

/** Between two pickles of the corpus, or of nothing but opcodes. */
export function makePickle(random: Random, corpus: readonly Uint8Array[]): Uint8Array {
  if (random.chance(3)) return scramble(random, random.pick(corpus), corpus);
  const parts: Uint8Array[] = random.chance(2) ? [Uint8Array.of(0x80, random.below(7))] : [];
  for (let n = random.between(1, 40); n > 0; n--) {
    const { code, argument } = random.pick(random.chance(2) ? PUSHING : CODES);
    parts.push(Uint8Array.of(code), argumentOf(random, argument));
  }
  parts.push(utf8('.'));
  return random.chance(8) ? scramble(random, concat(parts)) : concat(parts);
}

function argumentOf(random: Random, form: Argument): Uint8Array {
  if (form === 'none') return new Uint8Array();
  if (form === 'line') return utf8(`${random.pick(LINES)}\n`);
  if (form === 'two-lines') return utf8(`${random.pick(LINES)}\n${random.pick(LINES)}\n`);
  const width = Number(/\d$/.exec(form)![0]);
  if (/^(uint|int|float)/.test(form)) {
    const small = Uint8Array.of(random.below(8), 0, 0, 0, 0, 0, 0, 0);
    return random.chance(4) ? random.bytes(width) : small.slice(0, width);
  }
  const data = random.chance(2) ? utf8(random.pick(LINES)) : random.bytes(random.below(20));
  const length = new Uint8Array(width);
  length[0] = random.chance(16) ? random.below(256) : data.length;
  return concat([length, data]);
}
