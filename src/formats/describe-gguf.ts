import type { ModelDescription, ModelFile } from './describe.ts';
import { invalid, unsupported } from './errors.ts';
import { type GgufMetadata, parseGguf } from './gguf.ts';
import { ggufArchitecture } from './gguf-architecture.ts';
import { ropeScalingOf } from './rope-factors.ts';
import type { TensorInfo } from './tensor.ts';

/** Describes a model that is a single GGUF file. Throws like describeModel(). */
export async function describeGguf({ path, source }: ModelFile): Promise<ModelDescription> {
  const { metadata, tensors, headerBytes } = await parseGguf(source, path);
  if (Number(metadata.get('split.count') ?? 1) > 1) {
    throw unsupported(`${path} is one part of a split model: join the parts with llama-gguf-split --merge`);
  }
  const architecture = ggufArchitecture(metadata, tensors);
  const factors = tensors.find((tensor) => tensor.name === 'rope_freqs.weight');
  if (factors) {
    const { ropeTheta, headDim } = architecture;
    const values = await readFactors(factors, headDim, (t) => source.read(t.offset, t.bytes));
    const scaling = ropeScalingOf(values, ropeTheta, headDim);
    if (scaling) architecture.ropeScaling = scaling;
  }
  return {
    architecture,
    tensors,
    tokenizer: { kind: 'gguf', file: path },
    chatTemplate: text(metadata, 'tokenizer.chat_template') ?? null,
    ...optional('name', text(metadata, 'general.name')),
    ...optional('licence', text(metadata, 'general.license')),
    headerRanges: [{ file: path, offset: 0, length: headerBytes }],
  };
}

async function readFactors(
  tensor: TensorInfo,
  headDim: number,
  read: (tensor: TensorInfo) => Promise<Uint8Array>,
): Promise<Float32Array> {
  if (tensor.type !== 'F32' || tensor.bytes !== headDim * 2) {
    throw invalid(`${tensor.name} is not ${headDim / 2} F32 values`);
  }
  const bytes = await read(tensor);
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return Float32Array.from({ length: headDim / 2 }, (_, i) => view.getFloat32(i * 4, true));
}

function text(metadata: GgufMetadata, key: string): string | undefined {
  const value = metadata.get(key);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function optional<K extends string>(key: K, value: string | undefined): { [P in K]?: string } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: string };
}
