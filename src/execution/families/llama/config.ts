import { check, z } from '#base';
import { type Architecture, architectureSchema, type Json, unsupportedFile as unsupported } from '#formats';

const ropeSchema = z.object({
  rope_theta: z.number().nullish(),
  rope_type: z.string().nullish(),
  type: z.string().nullish(),
  factor: z.number().nullish(),
  low_freq_factor: z.number().nullish(),
  high_freq_factor: z.number().nullish(),
  original_max_position_embeddings: z.number().nullish(),
  partial_rotary_factor: z.number().nullish(),
});

const configSchema = z.object({
  model_type: z.string().nullish(),
  architectures: z.array(z.string()).nullish(),
  num_hidden_layers: z.number(),
  hidden_size: z.number(),
  num_attention_heads: z.number(),
  num_key_value_heads: z.number().nullish(),
  head_dim: z.number().nullish(),
  intermediate_size: z.number(),
  vocab_size: z.number(),
  max_position_embeddings: z.number(),
  rms_norm_eps: z.number(),
  tie_word_embeddings: z.boolean().nullish(),
  hidden_act: z.string().nullish(),
  attention_bias: z.boolean().nullish(),
  mlp_bias: z.boolean().nullish(),
  partial_rotary_factor: z.number().nullish(),
  quantization_config: z.unknown().optional(),
  rope_theta: z.number().nullish(),
  /** Before transformers 5. */
  rope_scaling: ropeSchema.nullish(),
  /** Since transformers 5: the base and the scaling together. */
  rope_parameters: ropeSchema.nullish(),
});
type Config = z.infer<typeof configSchema>;

/**
 * The architecture that a `config.json` describes. Absent values have the defaults of `LlamaConfig` in Hugging Face
 * transformers. Throws SCHEMA_INVALID when a value is missing or out of range, FORMAT_UNSUPPORTED when the model is not a plain
 * Llama.
 */
export function hfArchitecture(json: Json, what = 'config.json'): Architecture {
  const config = check(configSchema, json, what);
  refuseVariants(config, what);
  const rope = ropeOf(config);
  const scaling = ropeScalingOf(rope, what);
  const architecture = {
    family: 'llama',
    layers: config.num_hidden_layers,
    hidden: config.hidden_size,
    heads: config.num_attention_heads,
    kvHeads: config.num_key_value_heads ?? config.num_attention_heads,
    headDim: config.head_dim ?? config.hidden_size / config.num_attention_heads,
    ffn: config.intermediate_size,
    vocab: config.vocab_size,
    context: config.max_position_embeddings,
    ropeTheta: rope.rope_theta ?? config.rope_theta ?? 10000,
    ...(scaling && { ropeScaling: scaling }),
    normEps: config.rms_norm_eps,
    tiedHead: config.tie_word_embeddings ?? false,
  };
  return check(architectureSchema, architecture, what);
}

function refuseVariants(config: Config, what: string): void {
  const [name = config.model_type ?? 'none'] = config.architectures ?? [];
  if (config.model_type !== 'llama' || (config.architectures && name !== 'LlamaForCausalLM')) {
    throw unsupported(
      `${what}: architecture ${name} (${config.model_type}): Bitorch supports LlamaForCausalLM`,
    );
  }
  const { hidden_act, attention_bias, mlp_bias, partial_rotary_factor, quantization_config } = config;
  if (hidden_act && hidden_act !== 'silu') throw unsupported(`${what}: hidden_act ${hidden_act} is not silu`);
  if (attention_bias || mlp_bias) throw unsupported(`${what}: attention_bias and mlp_bias are not supported`);
  if ((partial_rotary_factor ?? 1) !== 1)
    throw unsupported(`${what}: partial_rotary_factor is not supported`);
  if (quantization_config) {
    throw unsupported(`${what}: quantization_config is not supported: use the float weights or a GGUF file`);
  }
}

const ropeOf = (config: Config): z.infer<typeof ropeSchema> =>
  config.rope_parameters ?? config.rope_scaling ?? {};

function ropeScalingOf(
  rope: z.infer<typeof ropeSchema>,
  what: string,
): Record<keyof NonNullable<Architecture['ropeScaling']>, unknown> | undefined {
  const type = rope.rope_type ?? rope.type ?? 'default';
  if ((rope.partial_rotary_factor ?? 1) !== 1) {
    throw unsupported(`${what}: partial_rotary_factor is not supported`);
  }
  if (type === 'default') return undefined;
  if (type !== 'llama3') throw unsupported(`${what}: RoPE scaling of type ${type} is not supported`);
  return {
    factor: rope.factor,
    lowFreqFactor: rope.low_freq_factor,
    highFreqFactor: rope.high_freq_factor,
    originalContext: rope.original_max_position_embeddings,
  };
}
