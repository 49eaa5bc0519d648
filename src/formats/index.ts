export * from './architecture.ts';
export * from './describe.ts';
export { fileAccess } from './file-access.ts';
export { type Gguf, type GgufMetadata, type GgufValue, parseGguf, parseGgufMetadata } from './gguf.ts';
export { ggufArchitecture } from './gguf-architecture.ts';
export { hfArchitecture } from './hf-config.ts';
export { type Json, parseJson } from './json.ts';
export { parseSafetensors } from './safetensors.ts';
export * from './tensor.ts';
