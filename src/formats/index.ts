export * from './architecture.ts';
export * from './byte-window.ts';
export { invalid as invalidFile, unsupported as unsupportedFile } from './errors.ts';
export { FilePool, fileAccess } from './file-access.ts';
export {
  type Gguf,
  type GgufEntry,
  type GgufHeader,
  type GgufMetadata,
  type GgufValue,
  parseGguf,
  parseGgufMetadata,
  readGguf,
} from './gguf.ts';
export { type ImageExtent, type ImageFormat, type ImageSize, readImage } from './images.ts';
export { type Json, JsonTree, parseJson } from './json.ts';
export { type JsonLimits, JsonReader, type JsonScalar, type JsonVisitor } from './json-reader.ts';
export { HEAD_BYTES, identify, identifySource } from './magic.ts';
export { type Npy, readNpy } from './npy.ts';
export * from './onnx.ts';
export { type PickleEvents, type PickleLimits, runPickle } from './pickle/machine.ts';
export * from './pickle/values.ts';
export {
  checkShard,
  parseSafetensors,
  parseShardIndex,
  readSafetensors,
  type SafetensorsEntry,
} from './safetensors.ts';
export { safetensorsHeader, type TensorOutline } from './safetensors-write.ts';
export { readSentencePiece } from './sentencepiece.ts';
export { isTarHeader, readTar, type TarMember } from './tar.ts';
export * from './tensor.ts';
export { decodeText } from './text.ts';
export {
  crcOf,
  inBuffer,
  inPages,
  MAX_UNPACKED,
  slice,
  type Unpacked,
  unpack,
  unpackMember,
} from './unpack.ts';
export { findZipEnd, readZip, type Zip, type ZipMember } from './zip.ts';
