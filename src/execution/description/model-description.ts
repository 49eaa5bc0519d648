import type { Architecture, TensorInfo } from '#formats';

/** Description of a model, read from the headers of its files. */
export interface ModelDescription {
  architecture: Architecture;
  tensors: TensorInfo[];
  tokenizer: { kind: 'gguf' | 'tokenizer.json'; file: string };
  /** Jinja source; null when the model has none. */
  chatTemplate: string | null;
  name?: string;
  licence?: string;
  /** Byte ranges that a client needs besides tensors: the GGUF header, or the whole of the folder's small files. */
  headerRanges: { file: string; offset: number; length: number }[];
}
