import type { Architecture } from '#formats';

/** Roles of the tensors of a block. The norms are vectors; the others are matrices [out, in]. */
export const BLOCK_ROLES = ['attnNorm', 'q', 'k', 'v', 'out', 'ffnNorm', 'gate', 'up', 'down'] as const;
export type BlockRole = (typeof BLOCK_ROLES)[number];
/** Roles of the tensors of the boundary: embedding matrix, final norm and output head. */
export type BoundaryRole = 'embedding' | 'norm' | 'head';

/** Shape of the tensor with this role, outermost dimension first. */
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
