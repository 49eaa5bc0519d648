/** safetensors, Hugging Face's tensor format (huggingface/safetensors, README, "Format"): one file or shards. */
import { check, z, zCount } from '#base';
import { invalid, unsupported } from './errors.ts';
import { parseJson } from './json.ts';
import { checkTiling, tensorBytes } from './layout.ts';
import { type RandomAccess, TENSOR_TYPES, type TensorInfo, tensorInfoSchema } from './tensor.ts';

const MAX_HEADER = 32 << 20;
const MAX_TENSORS = 1 << 16;
const FLOATS: ReadonlySet<string> = new Set(['F32', 'F16', 'BF16']);

const entrySchema = z.strictObject({
  dtype: z.string().max(16),
  shape: tensorInfoSchema.shape.shape,
  data_offsets: z.tuple([zCount, zCount]),
});
const metadataSchema = z.record(z.string(), z.string());
const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) });

/**
 * The tensors of one safetensors file; only its header is read. Throws FORMAT_INVALID, FORMAT_UNSUPPORTED or
 * SCHEMA_INVALID.
 */
export async function parseSafetensors(source: RandomAccess, file: string): Promise<TensorInfo[]> {
  if (source.size < 8) throw invalid(`${file} is too short for safetensors`);
  const prefix = await source.read(0, 8);
  const length = new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true);
  if (length > BigInt(Math.min(MAX_HEADER, source.size - 8))) {
    throw invalid(`${file} claims a header of ${length} bytes`);
  }
  const headerBytes = 8 + Number(length);
  const json = await source.read(8, Number(length));
  if (json[0] !== 0x7b) throw invalid(`the header of ${file} does not begin with "{"`);
  const header = check(
    z.record(z.string(), z.unknown()),
    parseJson(json, `header of ${file}`, { maxDepth: 3 }),
    `header of ${file}`,
  );
  const tensors: TensorInfo[] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') check(metadataSchema, entry, `__metadata__ of ${file}`);
    else tensors.push(tensorOf(name, entry, file, headerBytes));
  }
  if (tensors.length > MAX_TENSORS) throw invalid(`${file} has ${tensors.length} tensors`);
  checkTiling(tensors, headerBytes, source.size, 1);
  return tensors;
}

function tensorOf(name: string, entry: unknown, file: string, headerBytes: number): TensorInfo {
  const { dtype, shape, data_offsets } = check(entrySchema, entry, `tensor ${name.slice(0, 256)} of ${file}`);
  const type = TENSOR_TYPES.find((known) => known === dtype);
  if (!type || !FLOATS.has(type)) {
    throw unsupported(
      `tensor ${name} in ${file} has type ${dtype}: of safetensors Bitorch runs F32, F16 and BF16`,
      { tensor: name, type: dtype },
    );
  }
  const [begin, end] = data_offsets;
  const bytes = tensorBytes(name, type, shape);
  if (end - begin !== bytes) {
    throw invalid(`tensor ${name} in ${file} takes ${end - begin} bytes where its shape needs ${bytes}`);
  }
  return check(
    tensorInfoSchema,
    { name, type, shape, file, offset: headerBytes + begin, bytes },
    `tensor ${name.slice(0, 256)} of ${file}`,
  );
}

/**
 * The shards that `model.safetensors.index.json` names: file → tensors that must be in it. Shards lie in the
 * index's own folder.
 */
export function parseShardIndex(bytes: Uint8Array, what: string): Map<string, Set<string>> {
  const { weight_map } = check(indexSchema, parseJson(bytes, what, { maxDepth: 4 }), what);
  const shards = new Map<string, Set<string>>();
  for (const [tensor, file] of Object.entries(weight_map)) {
    if (!/^[\w.-]+\.safetensors$/.test(file))
      throw invalid(`${what} names the shard ${JSON.stringify(file)}`);
    const names = shards.get(file) ?? new Set();
    shards.set(file, names.add(tensor));
  }
  if (shards.size === 0) throw invalid(`${what} names no shards`);
  return shards;
}

/** Checks that a shard holds just the tensors that the index promises. Throws FORMAT_INVALID. */
export function checkShard(
  file: string,
  tensors: readonly TensorInfo[],
  promised: ReadonlySet<string>,
): void {
  const stray = tensors.find((tensor) => !promised.has(tensor.name));
  if (stray) throw invalid(`${file} holds ${stray.name}, which the index does not place there`);
  if (tensors.length !== promised.size) throw invalid(`${file} lacks tensors that the index places there`);
}
