import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { concat, utf8 } from '#base';
import { fileAccess } from '#formats';
import { uint64 } from './gguf-file.ts';
import { TINY_MODEL } from './network.ts';
import { signedModel } from './signed-model.ts';

/** Shape of the rotary frequencies that old checkpoints have in each block. */
const FREQUENCIES = [16];

/**
 * Writes the tiny model with `layers` blocks to a folder, each tensor in a safetensors file of its own: ten for a block, and
 * two more.
 */
export async function writeShardedModel(folder: string, layers: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  await cp(TINY_MODEL, folder, { recursive: true });
  const file = await fileAccess(join(TINY_MODEL, 'model.safetensors'));
  const { blocks, boundary, architecture } = (await signedModel(TINY_MODEL)).manifest;
  const repeated = Array.from({ length: layers }, (_, layer) =>
    blocks[layer % architecture.layers]!.tensors.map((tensor) => ({
      ...tensor,
      name: tensor.name.replace(/layers\.\d+\./, `layers.${layer}.`),
    })),
  );
  const map: Record<string, string> = {};
  let shards = 0;
  const write = async (name: string, dtype: string, shape: readonly number[], bytes: Uint8Array) => {
    const header = utf8(JSON.stringify({ [name]: { dtype, shape, data_offsets: [0, bytes.length] } }));
    map[name] = `model-${shards++}.safetensors`;
    await writeFile(join(folder, map[name]), concat([uint64(header.length), header, bytes]));
  };
  for (const { name, type, shape, offset, bytes } of [...boundary.tensors, ...repeated.flat()])
    await write(name, type, shape, await file.read(offset, bytes));
  for (let layer = 0; layer < layers; layer++)
    await write(
      `model.layers.${layer}.self_attn.rotary_emb.inv_freq`,
      'F32',
      FREQUENCIES,
      new Uint8Array(64),
    );
  await file.close();
  await writeFile(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map: map }));
  await rm(join(folder, 'model.safetensors'));
  const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
  await writeFile(join(folder, 'config.json'), JSON.stringify({ ...config, num_hidden_layers: layers }));
}
