import { BitorchError } from '#base';
import type { Architecture, TensorInfo } from '#formats';

/** What a tensor is for; q … down are matrices [out, in]. */
export type BlockRole = 'attnNorm' | 'q' | 'k' | 'v' | 'out' | 'ffnNorm' | 'gate' | 'up' | 'down';
export type BoundaryRole = 'embedding' | 'norm' | 'head';

interface Place {
  /** Undefined for a tensor of the boundary. */
  block?: number;
  role: BlockRole | BoundaryRole;
  /** Query and key rows as Hugging Face orders them: first halves of all pairs, then second halves. */
  halfSplit: boolean;
}

const GGUF_BLOCK: Record<string, BlockRole> = {
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
const HF_BLOCK: Record<string, BlockRole> = {
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
const BOUNDARY: Record<string, BoundaryRole> = {
  'token_embd.weight': 'embedding',
  'output_norm.weight': 'norm',
  'output.weight': 'head',
  'model.embed_tokens.weight': 'embedding',
  'model.norm.weight': 'norm',
  'lm_head.weight': 'head',
};
/** Rotary frequencies, which the architecture says already. */
const REDUNDANT = /^(rope_freqs\.weight|model\.layers\.\d+\.self_attn\.rotary_emb\.inv_freq)$/;

/** The place of a tensor by its GGUF or Hugging Face name; undefined for one that a Llama does not have. */
export function placeOf(name: string): Place | undefined {
  const boundary = BOUNDARY[name];
  if (boundary) return { role: boundary, halfSplit: false };
  const gguf = /^blk\.(\d{1,4})\.(\w+)\.weight$/.exec(name);
  const hf = /^model\.layers\.(\d{1,4})\.([\w.]+)\.weight$/.exec(name);
  const role = gguf ? GGUF_BLOCK[gguf[2]!] : hf ? HF_BLOCK[hf[2]!] : undefined;
  return role && { block: Number((gguf ?? hf)![1]), role, halfSplit: hf !== null };
}

const BLOCK_ROLES: BlockRole[] = Object.values(GGUF_BLOCK);

/** Shape that the architecture gives to each tensor. */
export function shapeOf(role: BlockRole | BoundaryRole, a: Architecture): number[] {
  switch (role) {
    case 'attnNorm':
    case 'ffnNorm':
    case 'norm':
      return [a.hidden];
    case 'q':
      return [a.heads * a.headDim, a.hidden];
    case 'k':
    case 'v':
      return [a.kvHeads * a.headDim, a.hidden];
    case 'out':
      return [a.hidden, a.heads * a.headDim];
    case 'gate':
    case 'up':
      return [a.ffn, a.hidden];
    case 'down':
      return [a.hidden, a.ffn];
    case 'embedding':
    case 'head':
      return [a.vocab, a.hidden];
  }
}

/**
 * Which tensors belong to which block and which to the boundary (embedding, final norm, head), in a fixed order.
 * Throws TENSORS_INVALID unless each is there once with the right shape and nothing else is.
 */
export function arrangeLlama(
  architecture: Architecture,
  tensors: TensorInfo[],
): { blocks: TensorInfo[][]; boundary: TensorInfo[] } {
  const found = new Map<string, TensorInfo>();
  for (const tensor of tensors) {
    if (REDUNDANT.test(tensor.name)) continue;
    const place = placeOf(tensor.name);
    if (place === undefined || (place.block ?? 0) >= architecture.layers) {
      throw refusal(`tensor ${tensor.name} has no place in a Llama of ${architecture.layers} blocks`);
    }
    const key = `${place.block ?? 'boundary'}.${place.role}`;
    if (found.has(key)) throw refusal(`${tensor.name} and ${found.get(key)!.name} are the same weights`);
    requireShape(tensor, place.role, architecture);
    found.set(key, tensor);
  }
  const take = (key: string) => {
    const tensor = found.get(key);
    if (!tensor) throw refusal(`the model has no tensor for ${key}`);
    return tensor;
  };
  const blocks = Array.from({ length: architecture.layers }, (_, block) =>
    BLOCK_ROLES.map((role) => take(`${block}.${role}`)),
  );
  // a head beside tied embeddings is a second copy of them that some exporters write: it is not read
  const roles: BoundaryRole[] = architecture.tiedHead ? ['embedding', 'norm'] : ['embedding', 'norm', 'head'];
  return { blocks, boundary: roles.map((role) => take(`boundary.${role}`)) };
}

/**
 * The tensor with this role among those of one block or of the boundary. A manifest names tensors and shapes apart from
 * the architecture, so that both are compared here. Throws TENSORS_INVALID.
 */
export function tensorOf(
  tensors: readonly TensorInfo[],
  role: BlockRole | BoundaryRole,
  architecture: Architecture,
): TensorInfo {
  const tensor = tensors.find(({ name }) => placeOf(name)?.role === role);
  if (!tensor) throw refusal(`there are no ${role} weights`);
  requireShape(tensor, role, architecture);
  return tensor;
}

function requireShape(tensor: TensorInfo, role: BlockRole | BoundaryRole, architecture: Architecture): void {
  const shape = shapeOf(role, architecture);
  if (tensor.shape.length === shape.length && shape.every((n, i) => n === tensor.shape[i])) return;
  throw refusal(`tensor ${tensor.name} has shape [${tensor.shape}], the architecture says [${shape}]`);
}

const refusal = (message: string) =>
  new BitorchError('TENSORS_INVALID', `${message}: this is not a complete Llama without extras`);
