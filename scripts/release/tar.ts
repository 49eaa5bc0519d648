import { type Entry, foldersOf, inOrder } from './entry.ts';

const BLOCK = 512;
const [NAME_BYTES, PREFIX_BYTES] = [100, 155];
const [FILE, FOLDER] = ['0', '5'];

/**
 * A tar archive in the format ustar of POSIX.1-1988, the same bytes for the same entries: sorted, owned by root, all changed at
 * `seconds` since 1970. `under` is put before each path, for dpkg `./`.
 */
export function tarOf(entries: readonly Entry[], seconds: number, under = ''): Buffer {
  const parts: Buffer[] = [];
  for (const folder of foldersOf(entries))
    parts.push(header(`${under}${folder}/`, { type: FOLDER, mode: 0o755, size: 0, seconds }));
  for (const { path, bytes, executable } of inOrder(entries)) {
    const size = bytes.length;
    parts.push(header(under + path, { type: FILE, mode: executable ? 0o755 : 0o644, size, seconds }));
    parts.push(Buffer.from(bytes.buffer, bytes.byteOffset, size), Buffer.alloc(-size & (BLOCK - 1)));
  }
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

interface Fields {
  readonly type: string;
  readonly mode: number;
  readonly size: number;
  readonly seconds: number;
}

function header(path: string, { type, mode, size, seconds }: Fields): Buffer {
  const block = Buffer.alloc(BLOCK);
  const { name, prefix } = split(path);
  block.write(name, 0);
  const octal = (value: number, at: number, length: number) =>
    block.write(value.toString(8).padStart(length - 1, '0'), at);
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(seconds, 136, 12);
  block.write(' '.repeat(8), 148);
  block.write(type, 156);
  block.write('ustar\x0000', 257, 'latin1');
  block.write('root', 265);
  block.write('root', 297);
  block.write(prefix, 345);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** Cuts a path that is too long for the field of the name at a slash. Throws when none fits. */
function split(path: string): { name: string; prefix: string } {
  if (Buffer.byteLength(path) <= NAME_BYTES) return { name: path, prefix: '' };
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)];
    const fits = Buffer.byteLength(prefix) <= PREFIX_BYTES && Buffer.byteLength(name) <= NAME_BYTES;
    if (fits && name !== '') return { name, prefix };
  }
  throw new Error(`the path is too long for tar: ${path}`);
}
