/** Writes protobuf messages, ONNX and SentencePiece models with them. */
import { concat, utf8 } from '#base';

export function varint(value: number | bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}

export const int = (field: number, value: number | bigint): Uint8Array =>
  concat([varint(field * 8), varint(value)]);
export const message = (field: number, ...parts: Uint8Array[]): Uint8Array => {
  const body = concat(parts);
  return concat([varint(field * 8 + 2), varint(body.length), body]);
};
export const text = (field: number, value: string): Uint8Array => message(field, utf8(value));
export function float(field: number, value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return concat([varint(field * 8 + 5), bytes]);
}

export interface TensorFields {
  dims: number[];
  type?: number;
  raw?: Uint8Array;
  name?: string;
  external?: Record<string, string>;
}

export const tensor = ({ dims, type = 1, raw, name = 'w', external }: TensorFields): Uint8Array =>
  concat([
    ...dims.map((dim) => int(1, dim)),
    int(2, type),
    text(8, name),
    ...(raw ? [message(9, raw)] : []),
    ...Object.entries(external ?? {}).map(([key, value]) => message(13, text(1, key), text(2, value))),
    ...(external ? [int(14, 1)] : []),
  ]);

export const node = (operator: string, domain = '', ...attributes: Uint8Array[]): Uint8Array =>
  concat([
    text(1, 'x'),
    text(2, 'y'),
    text(3, `n_${operator}`),
    text(4, operator),
    ...attributes,
    ...(domain ? [text(7, domain)] : []),
  ]);

export const attribute = (name: string, type: number, ...value: Uint8Array[]): Uint8Array =>
  message(5, text(1, name), ...value, int(20, type));

const value = (field: number, name: string): Uint8Array =>
  message(field, text(1, name), message(2, message(1, int(1, 1), message(2, message(1, int(1, 4))))));

export const graph = (...parts: Uint8Array[]): Uint8Array =>
  concat([...parts, text(2, 'g'), value(11, 'x'), value(12, 'y')]);

export const model = (body: Uint8Array, ...more: Uint8Array[]): Uint8Array =>
  concat([int(1, 8), text(2, 'test'), message(7, body), message(8, text(1, ''), int(2, 17)), ...more]);

/** A SentencePiece model of a few pieces. */
export const pieces = (list: readonly string[]): Uint8Array =>
  concat([
    ...list.map((piece, n) => message(1, text(1, piece), float(2, -n), int(3, n === 0 ? 2 : 1))),
    message(
      2,
      text(2, 'm'),
      int(3, 1),
      int(4, list.length),
      text(7, 'text'),
      float(10, 0.9995),
      text(50, 'seed'),
      int(51, 0),
    ),
    message(3, text(1, 'nmt_nfkc'), int(3, 1), int(7, 0)),
  ]);
