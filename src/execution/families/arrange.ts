import { BitorchError } from '#base';
import type { Architecture, TensorInfo } from '#formats';
import { familyOf } from './registry.ts';
import { BLOCK_ROLES, type BlockRole, type BoundaryRole, shapeOf } from './roles.ts';

/**
 * Assigns tensors to blocks and to the boundary (embedding, final norm, head), in a fixed order. Throws TENSORS_INVALID unless
 * each is present exactly once with the right shape and there are no others.
 */
export function arrangeBlocks(
  architecture: Architecture,
  tensors: TensorInfo[],
): { blocks: TensorInfo[][]; boundary: TensorInfo[] } {
  const { placeOf, redundant } = familyOf(architecture);
  const found = new Map<string, TensorInfo>();
  for (const tensor of tensors) {
    if (redundant.test(tensor.name)) continue;
    const place = placeOf(tensor.name);
    if (place === undefined || (place.block ?? 0) >= architecture.layers) {
      throw refusal(
        `a ${architecture.family} model of ${architecture.layers} blocks has no tensor ${tensor.name}`,
      );
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
  // With tied embeddings, some exporters write the head as a copy of the embedding. It is ignored.
  const roles: BoundaryRole[] = architecture.tiedHead ? ['embedding', 'norm'] : ['embedding', 'norm', 'head'];
  return { blocks, boundary: roles.map((role) => take(`boundary.${role}`)) };
}

/**
 * The tensor with this role among those of one block or of the boundary. Throws TENSORS_INVALID when it is missing, or when its
 * shape does not match the architecture: a manifest states both independently.
 */
export function tensorOf(
  tensors: readonly TensorInfo[],
  role: BlockRole | BoundaryRole,
  architecture: Architecture,
): TensorInfo {
  const tensor = tensors.find(({ name }) => familyOf(architecture).placeOf(name)?.role === role);
  if (!tensor) throw refusal(`the ${role} weights are missing`);
  requireShape(tensor, role, architecture);
  return tensor;
}

function requireShape(tensor: TensorInfo, role: BlockRole | BoundaryRole, architecture: Architecture): void {
  const shape = shapeOf(role, architecture);
  if (tensor.shape.length === shape.length && shape.every((n, i) => n === tensor.shape[i])) return;
  throw refusal(`tensor ${tensor.name} has shape [${tensor.shape}], the architecture requires [${shape}]`);
}

const refusal = (message: string) =>
  new BitorchError('TENSORS_INVALID', `${message}: the tensors do not match the architecture`);
