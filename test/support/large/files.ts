/** Large files of the kinds that are hardest on a parser's memory, written piece by piece. */
import { closeSync, openSync, truncateSync, writeSync } from 'node:fs';
import { concat, utf8 } from '#base';
import { int, message, node, text, varint } from '../attacks/protobuf.ts';
import { uint32, uint64 } from '../gguf-file.ts';

/** Collects what is written and gives it to the file a megabyte at a time. */
class Writer {
  readonly #file: number;
  #parts: Uint8Array[] = [];
  #bytes = 0;
  written = 0;

  constructor(path: string) {
    this.#file = openSync(path, 'w');
  }

  put(...parts: Uint8Array[]): void {
    for (const part of parts) {
      this.#parts.push(part);
      this.#bytes += part.length;
      this.written += part.length;
    }
    if (this.#bytes > 1 << 20) this.#flush();
  }

  end(): void {
    this.#flush();
    closeSync(this.#file);
  }

  #flush(): void {
    writeSync(this.#file, concat(this.#parts));
    this.#parts = [];
    this.#bytes = 0;
  }
}

/** Words as a tokenizer of many languages has them: every seventh is Chinese. */
const word = (n: number): string => {
  const letters = n
    .toString(26)
    .replace(/./g, (digit) => String.fromCharCode(97 + Number.parseInt(digit, 26)));
  return n % 7 === 0
    ? `▁${String.fromCodePoint(0x4e00 + (n % 20_000))}${letters}`
    : `Ġ${letters}${'tion'.repeat(n % 3)}`;
};

/** A tokenizer.json of `entries` entries, two merges for each, as wide as Hugging Face writes it: 33 MB for 256 k. */
export function writeTokenizer(path: string, entries: number): void {
  const file = new Writer(path);
  const added = Array.from({ length: 256 }, (_, n) => ({ id: n, content: `<unused${n}>`, special: true }));
  file.put(
    utf8(`{"version": "1.0", "added_tokens": ${JSON.stringify(added, null, 2)}, "normalizer": null,\n`),
  );
  file.put(
    utf8(
      '"pre_tokenizer": {"type": "Split", "pattern": {"Regex": "\\\\s+(?!\\\\S)|\\\\s+"}},\n"model": {"type": "BPE", "vocab": {\n',
    ),
  );
  file.put(...added.map(({ id, content }) => utf8(`      ${JSON.stringify(content)}: ${id},\n`)));
  for (let n = 256; n < entries; n++)
    file.put(utf8(`      ${JSON.stringify(word(n))}: ${n}${n + 1 < entries ? ',' : ''}\n`));
  file.put(utf8('    },\n    "merges": [\n'));
  for (let n = 256; n < 2 * entries; n++) {
    file.put(
      utf8(
        `      [\n        ${JSON.stringify(word(n))},\n        ${JSON.stringify(word(n + 7))}\n      ]${n + 1 < 2 * entries ? ',' : ''}\n`,
      ),
    );
  }
  file.put(utf8('    ]\n  }\n}\n'));
  file.end();
}

const string = (value: string): Uint8Array => concat([uint64(utf8(value).length), utf8(value)]);

/** A GGUF header with vocabulary, scores, types and merges of `entries` tokens, and `tensors` empty-handed tensors. */
export function writeGguf(path: string, entries: number, tensors: number): void {
  const file = new Writer(path);
  file.put(
    utf8('GGUF'),
    uint32(3),
    uint64(tensors),
    uint64(5),
    string('general.architecture'),
    uint32(8),
    string('llama'),
  );
  const array = (key: string, type: number, length: number) =>
    file.put(string(key), uint32(9), uint32(type), uint64(length));
  array('tokenizer.ggml.tokens', 8, entries);
  for (let n = 0; n < entries; n++) file.put(string(word(n)));
  array('tokenizer.ggml.scores', 6, entries);
  for (let n = 0; n < entries; n++) file.put(uint32(0));
  array('tokenizer.ggml.token_type', 5, entries);
  for (let n = 0; n < entries; n++) file.put(uint32(1));
  array('tokenizer.ggml.merges', 8, 2 * entries);
  for (let n = 0; n < 2 * entries; n++) file.put(string(`${word(n)} ${word(n + 7)}`));
  for (let n = 0; n < tensors; n++) {
    file.put(string(`blk.${n}.attn_output.weight`), uint32(1), uint64(8), uint32(0), uint64(32 * n));
  }
  file.put(new Uint8Array(32 * tensors + ((32 - (file.written % 32)) % 32)));
  file.end();
}

/** An ONNX model of `nodes` nodes and weights of `megabytes`, which take no room on disk. */
export function writeOnnx(path: string, nodes: number, megabytes: number): void {
  const file = new Writer(path);
  const kinds = ['Relu', 'MatMul', 'Add'].map((operator) => message(1, node(operator)));
  const bytes = megabytes << 20;
  const outline = concat([int(1, bytes / 4), int(2, 1), text(8, 'weight')]);
  const raw = concat([varint(9 * 8 + 2), varint(bytes)]);
  const weight = concat([varint(5 * 8 + 2), varint(outline.length + raw.length + bytes), outline, raw]);
  let length = text(2, 'g').length + weight.length + bytes;
  for (let n = 0; n < nodes; n++) length += kinds[n % kinds.length]!.length;
  file.put(int(1, 8), message(8, text(1, ''), int(2, 17)), varint(7 * 8 + 2), varint(length), text(2, 'g'));
  for (let n = 0; n < nodes; n++) file.put(kinds[n % kinds.length]!);
  file.put(weight);
  file.end();
  truncateSync(path, file.written + bytes);
}

/** A ZIP of `members` small members. */
export function writeZip(path: string, members: number): void {
  const file = new Writer(path);
  const directory: Uint8Array[] = [];
  const record = (...fields: [width: 2 | 4 | 8, value: number][]): Uint8Array => {
    const bytes = Buffer.alloc(fields.reduce((sum, [width]) => sum + width, 0));
    let at = 0;
    for (const [width, value] of fields)
      at = bytes.writeUIntLE(value, at, Math.min(6, width)) + (width === 8 ? 2 : 0);
    return bytes;
  };
  let offset = 0;
  for (let n = 0; n < members; n++) {
    const name = utf8(`archive/some/longer/folder/data_of_the_tensor_${n}.bin`);
    const common: [2 | 4, number][] = [
      [2, 0],
      [2, 0],
      [2, 0],
      [2, 33],
      [4, 0],
      [4, 0],
      [4, 0],
    ];
    const local = concat([record([4, 0x04034b50], [2, 20], ...common, [2, name.length], [2, 0]), name]);
    directory.push(
      record(
        [4, 0x02014b50],
        [2, 0x031e],
        [2, 20],
        ...common,
        [2, name.length],
        [2, 0],
        [2, 0],
        [2, 0],
        [2, 0],
        [4, 0],
        [4, offset],
      ),
      name,
    );
    file.put(local);
    offset += local.length;
  }
  const listed = directory.reduce((sum, { length }) => sum + length, 0);
  for (const part of directory) file.put(part);
  const end = offset + listed;
  file.put(
    record(
      [4, 0x06064b50],
      [8, 44],
      [2, 45],
      [2, 45],
      [4, 0],
      [4, 0],
      [8, members],
      [8, members],
      [8, listed],
      [8, offset],
    ),
  );
  file.put(record([4, 0x07064b50], [4, 0], [8, end], [4, 1]));
  file.put(
    record([4, 0x06054b50], [2, 0], [2, 0], [2, 0xffff], [2, 0xffff], [4, listed], [4, offset], [2, 0]),
  );
  file.end();
}

/** A pickle of `items` dictionaries, each remembered, in one list. */
export function writePickle(path: string, items: number): void {
  const file = new Writer(path);
  file.put(Uint8Array.of(0x80, 4, 0x5d, 0x94));
  for (let n = 0; n < items; n++) {
    const name = utf8(`weight ${n} of the tree`);
    file.put(
      Uint8Array.of(0x7d, 0x94, 0x8c, name.length),
      name,
      Uint8Array.of(0x94, 0x4b, n & 255, 0x73, 0x61),
    );
  }
  file.put(Uint8Array.of(0x2e));
  file.end();
}
