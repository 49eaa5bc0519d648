export * from './engine/index.ts';
export * from './families/index.ts';
export * from './generate.ts';
export {
  describeForManifest,
  differencesFrom,
  type ManifestDescription,
} from './manifest-description.ts';
export * from './prompt.ts';
export * from './sampling/index.ts';
export * from './session/index.ts';
export { parseTemplate, renderTemplate, type TemplateLimits, type TemplateNode } from './template/index.ts';
export * from './tokenizer/index.ts';
