/** The part of #base that the engine needs, without Node's modules. */
export * from '../../../src/base/errors.ts';
export * from '../../../src/base/schema.ts';
