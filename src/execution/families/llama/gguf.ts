import { check } from '#base';
import {
  type Architecture,
  architectureSchema,
  type Gguf,
  type GgufMetadata,
  type GgufValue,
  invalidFile as invalid,
  type TensorInfo,
  unsupportedFile as unsupported,
} from '#formats';
import type { ReadWeights } from '../family.ts';
import { ropeScalingOf } from './rope-factors.ts';

/**
 * The architecture that a GGUF header describes; keys and defaults as in llama.cpp, `src/llama-hparams.h`. Llama 3.1's RoPE
 * scaling is not in the metadata but in the tensor `rope_freqs.weight`; see ropeScalingOf(). Throws FORMAT_UNSUPPORTED for
 * variants with different arithmetic, FORMAT_INVALID or SCHEMA_INVALID for missing or bad values.
 */
export async function ggufArchitecture(
  { metadata, tensors }: Pick<Gguf, 'metadata' | 'tensors'>,
  read: ReadWeights,
): Promise<Architecture> {
  const architecture = metadataArchitecture(metadata, tensors);
  const factors = tensors.find(({ name }) => name === 'rope_freqs.weight');
  if (!factors) return architecture;
  const { ropeTheta, headDim } = architecture;
  const scaling = ropeScalingOf(await readFactors(factors, headDim, read), ropeTheta, headDim);
  return scaling ? { ...architecture, ropeScaling: scaling } : architecture;
}

async function readFactors(tensor: TensorInfo, headDim: number, read: ReadWeights): Promise<Float32Array> {
  if (tensor.type !== 'F32' || tensor.bytes !== headDim * 2) {
    throw invalid(`${tensor.name} is not ${headDim / 2} F32 values`);
  }
  const bytes = await read(tensor);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return Float32Array.from({ length: headDim / 2 }, (_, i) => view.getFloat32(i * 4, true));
}

function metadataArchitecture(metadata: GgufMetadata, tensors: readonly TensorInfo[]): Architecture {
  refuseVariants(metadata);
  const heads = number(metadata, 'llama.attention.head_count');
  const hidden = number(metadata, 'llama.embedding_length');
  const headDim = number(metadata, 'llama.attention.key_length', hidden / heads);
  for (const key of ['llama.attention.value_length', 'llama.rope.dimension_count']) {
    if (number(metadata, key, headDim) !== headDim)
      throw unsupported(`${key} differs from the head size ${headDim}`);
  }
  const names = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const embedding = names.get('token_embd.weight');
  if (!embedding) throw invalid('tensor token_embd.weight is missing');
  return check(
    architectureSchema,
    {
      family: 'llama',
      layers: number(metadata, 'llama.block_count'),
      hidden,
      heads,
      kvHeads: number(metadata, 'llama.attention.head_count_kv', heads),
      headDim,
      ffn: number(metadata, 'llama.feed_forward_length'),
      vocab: embedding.shape[0],
      context: number(metadata, 'llama.context_length'),
      ropeTheta: number(metadata, 'llama.rope.freq_base', 10000),
      normEps: number(metadata, 'llama.attention.layer_norm_rms_epsilon'),
      tiedHead: !names.has('output.weight'),
    },
    'architecture in the GGUF header',
  );
}

function refuseVariants(metadata: GgufMetadata): void {
  const scaling = metadata.get('llama.rope.scaling.type') ?? 'none';
  const factor = metadata.get('llama.rope.scaling.factor') ?? metadata.get('llama.rope.scale_linear') ?? 1;
  if (scaling !== 'none' && !(scaling === 'linear' && factor === 1)) {
    throw unsupported(`RoPE scaling of type ${show(scaling)} is not supported`);
  }
  if (number(metadata, 'llama.expert_count', 0) > 0)
    throw unsupported('mixtures of experts are not supported');
  if (metadata.get('llama.attention.causal') === false)
    throw unsupported('only causal attention is supported');
  for (const key of ['llama.logit_scale', 'llama.embedding_scale', 'llama.residual_scale']) {
    if (metadata.has(key)) throw unsupported(`${key} is not supported: the model is not a plain Llama`);
  }
}

/** A number, or an array of equal numbers: some writers list a value for each layer. */
function number(metadata: GgufMetadata, key: string, fallback?: number): number {
  const value = metadata.get(key) ?? fallback;
  const [first, ...others] = Array.isArray(value) ? value : [value];
  if (typeof first !== 'number') throw invalid(`${key} is ${show(first)}, not a number`);
  if (others.some((other) => other !== first)) throw unsupported(`${key} differs between layers`);
  return first;
}

const show = (value: GgufValue | undefined): string =>
  value === undefined ? 'missing' : JSON.stringify(String(value));
