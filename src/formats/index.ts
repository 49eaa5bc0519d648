export { type Architecture, architectureSchema } from './architecture.ts';
export { ByteWindow, readFrom, readNow } from './byte-window.ts';
export { invalid as invalidFile, unsupported as unsupportedFile } from './errors.ts';
export { FilePool, fileAccess } from './file-access.ts';
export {
  type Gguf,
  type GgufMetadata,
  type GgufValue,
  parseGguf,
  parseGgufMetadata,
  readGguf,
} from './gguf.ts';
export { type ImageFormat, readImage } from './images.ts';
export { type Json, JsonTree, parseJson } from './json.ts';
export { JsonReader, type JsonScalar, type JsonVisitor } from './json-reader.ts';
export { HEAD_BYTES, identify, identifySource } from './magic.ts';
export { readNpy } from './npy.ts';
export {
  callKey,
  type OnnxCalls,
  type OnnxExternal,
  type OnnxFunction,
  type OnnxNode,
  type OnnxTensor,
  readOnnx,
} from './onnx.ts';
export { runPickle } from './pickle/machine.ts';
export {
  globalName,
  type PickleCall,
  type PickleGlobal,
  type PickleValue,
  showCall,
} from './pickle/values.ts';
export { checkShard, parseSafetensors, parseShardIndex, readSafetensors } from './safetensors.ts';
export { safetensorsHeader } from './safetensors-write.ts';
export { readSentencePiece } from './sentencepiece.ts';
export { isTarHeader, readTar } from './tar.ts';
export {
  type ModelFile,
  type RandomAccess,
  TENSOR_BLOCK,
  type TensorInfo,
  type TensorType,
  tensorInfoSchema,
} from './tensor.ts';
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
