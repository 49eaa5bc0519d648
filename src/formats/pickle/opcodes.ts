/** Pickle opcodes of protocols 0 to 5 (CPython, Lib/pickletools.py): name and argument format by byte. */
export type Argument =
  | 'none'
  | 'line'
  | 'two-lines'
  | 'uint1'
  | 'uint2'
  | 'int4'
  | 'uint4'
  | 'uint8'
  | 'float8'
  | 'bytes1'
  | 'bytes4'
  | 'bytes8'
  | 'text1'
  | 'text4'
  | 'text8'
  | 'long1'
  | 'long4';

export interface Opcode {
  name: string;
  argument: Argument;
}

const LISTED: readonly (readonly [code: number | string, name: string, argument?: Argument])[] = [
  ['(', 'MARK'],
  ['.', 'STOP'],
  ['0', 'POP'],
  ['1', 'POP_MARK'],
  ['2', 'DUP'],
  ['F', 'FLOAT', 'line'],
  ['I', 'INT', 'line'],
  ['J', 'BININT', 'int4'],
  ['K', 'BININT1', 'uint1'],
  ['L', 'LONG', 'line'],
  ['M', 'BININT2', 'uint2'],
  ['N', 'NONE'],
  ['P', 'PERSID', 'line'],
  ['Q', 'BINPERSID'],
  ['R', 'REDUCE'],
  ['S', 'STRING', 'line'],
  ['T', 'BINSTRING', 'bytes4'],
  ['U', 'SHORT_BINSTRING', 'bytes1'],
  ['V', 'UNICODE', 'line'],
  ['X', 'BINUNICODE', 'text4'],
  ['a', 'APPEND'],
  ['b', 'BUILD'],
  ['c', 'GLOBAL', 'two-lines'],
  ['d', 'DICT'],
  ['}', 'EMPTY_DICT'],
  ['e', 'APPENDS'],
  ['g', 'GET', 'line'],
  ['h', 'BINGET', 'uint1'],
  ['i', 'INST', 'two-lines'],
  ['j', 'LONG_BINGET', 'uint4'],
  ['l', 'LIST'],
  [']', 'EMPTY_LIST'],
  ['o', 'OBJ'],
  ['p', 'PUT', 'line'],
  ['q', 'BINPUT', 'uint1'],
  ['r', 'LONG_BINPUT', 'uint4'],
  ['s', 'SETITEM'],
  ['t', 'TUPLE'],
  [')', 'EMPTY_TUPLE'],
  ['u', 'SETITEMS'],
  ['G', 'BINFLOAT', 'float8'],
  [0x80, 'PROTO', 'uint1'],
  [0x81, 'NEWOBJ'],
  [0x82, 'EXT1', 'uint1'],
  [0x83, 'EXT2', 'uint2'],
  [0x84, 'EXT4', 'int4'],
  [0x85, 'TUPLE1'],
  [0x86, 'TUPLE2'],
  [0x87, 'TUPLE3'],
  [0x88, 'NEWTRUE'],
  [0x89, 'NEWFALSE'],
  [0x8a, 'LONG1', 'long1'],
  [0x8b, 'LONG4', 'long4'],
  ['B', 'BINBYTES', 'bytes4'],
  ['C', 'SHORT_BINBYTES', 'bytes1'],
  [0x8c, 'SHORT_BINUNICODE', 'text1'],
  [0x8d, 'BINUNICODE8', 'text8'],
  [0x8e, 'BINBYTES8', 'bytes8'],
  [0x8f, 'EMPTY_SET'],
  [0x90, 'ADDITEMS'],
  [0x91, 'FROZENSET'],
  [0x92, 'NEWOBJ_EX'],
  [0x93, 'STACK_GLOBAL'],
  [0x94, 'MEMOIZE'],
  [0x95, 'FRAME', 'uint8'],
  [0x96, 'BYTEARRAY8', 'bytes8'],
  [0x97, 'NEXT_BUFFER'],
  [0x98, 'READONLY_BUFFER'],
];

export const OPCODES: readonly (Opcode | undefined)[] = Array.from({ length: 256 }, (_, byte) => {
  const found = LISTED.find(([code]) => (typeof code === 'string' ? code.charCodeAt(0) : code) === byte);
  return found && { name: found[1], argument: found[2] ?? 'none' };
});
