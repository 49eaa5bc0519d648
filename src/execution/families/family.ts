import type { Architecture, Gguf, Json, TensorInfo } from '#formats';
import type { BlockRole, BoundaryRole } from './roles.ts';

/** Role and block of a tensor. */
export interface TensorPlace {
  /** Undefined for a tensor of the boundary. */
  readonly block?: number;
  readonly role: BlockRole | BoundaryRole;
  /** Whether query and key rows are in Hugging Face's order: first elements of all rotary pairs, then second elements. */
  readonly halfSplit: boolean;
}

/** Reads the bytes of a tensor. */
export type ReadWeights = (tensor: TensorInfo) => Promise<Uint8Array>;

/** A family of models: how its files describe an architecture and name its tensors. */
export interface Family {
  /**
   * The architecture that a `config.json` describes; `what` names the file in errors. Throws SCHEMA_INVALID when a value is
   * missing or out of range, FORMAT_UNSUPPORTED for a variant that the kernels do not compute.
   */
  readonly fromConfig: (config: Json, what: string) => Architecture;
  /** The architecture that a GGUF header describes. Throws the same codes, and FORMAT_INVALID when the header is damaged. */
  readonly fromGguf: (header: Pick<Gguf, 'metadata' | 'tensors'>, read: ReadWeights) => Promise<Architecture>;
  /** Role of a tensor by its GGUF or Hugging Face name; undefined for a tensor that the family does not have. */
  readonly placeOf: (name: string) => TensorPlace | undefined;
  /** Names of tensors that repeat what the architecture determines; they are ignored. */
  readonly redundant: RegExp;
}
