import type { TensorPlace } from '../family.ts';
import type { BlockRole, BoundaryRole } from '../roles.ts';

/** Names of the tensors of a block in GGUF, without `blk.N.` and `.weight`. */
export const GGUF_BLOCK: Readonly<Record<string, BlockRole>> = {
  attn_norm: 'attnNorm',
  attn_q: 'q',
  attn_k: 'k',
  attn_v: 'v',
  attn_output: 'out',
  ffn_norm: 'ffnNorm',
  ffn_gate: 'gate',
  ffn_up: 'up',
  ffn_down: 'down',
};
/** The same in Hugging Face checkpoints, without `model.layers.N.` and `.weight`. */
const HF_BLOCK: Readonly<Record<string, BlockRole>> = {
  input_layernorm: 'attnNorm',
  'self_attn.q_proj': 'q',
  'self_attn.k_proj': 'k',
  'self_attn.v_proj': 'v',
  'self_attn.o_proj': 'out',
  post_attention_layernorm: 'ffnNorm',
  'mlp.gate_proj': 'gate',
  'mlp.up_proj': 'up',
  'mlp.down_proj': 'down',
};
const BOUNDARY: Readonly<Record<string, BoundaryRole>> = {
  'token_embd.weight': 'embedding',
  'output_norm.weight': 'norm',
  'output.weight': 'head',
  'model.embed_tokens.weight': 'embedding',
  'model.norm.weight': 'norm',
  'lm_head.weight': 'head',
};
/** Rotary frequencies, which the architecture already determines. */
export const REDUNDANT = /^(rope_freqs\.weight|model\.layers\.\d+\.self_attn\.rotary_emb\.inv_freq)$/;

/** Role of a tensor by its GGUF or Hugging Face name; undefined for a tensor that a Llama does not have. */
export function placeOf(name: string): TensorPlace | undefined {
  const boundary = BOUNDARY[name];
  if (boundary) return { role: boundary, halfSplit: false };
  const gguf = /^blk\.(\d{1,4})\.(\w+)\.weight$/.exec(name);
  const hf = /^model\.layers\.(\d{1,4})\.([\w.]+)\.weight$/.exec(name);
  const role = gguf ? GGUF_BLOCK[gguf[2]!] : hf ? HF_BLOCK[hf[2]!] : undefined;
  return role && { block: Number((gguf ?? hf)![1]), role, halfSplit: hf !== null };
}
