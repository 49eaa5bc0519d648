/** The part of #formats that the engine needs, without Node's modules. */
export * from '../../../src/formats/architecture.ts';
export { invalid as invalidFile, unsupported as unsupportedFile } from '../../../src/formats/errors.ts';
export * from '../../../src/formats/tensor.ts';
