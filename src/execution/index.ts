export { describeForManifest, differencesFrom, type ManifestDescription } from './description/manifest.ts';
export { describeModel } from './description/model.ts';
export type { ModelDescription } from './description/model-description.ts';
export {
  Boundary,
  type EngineOptions,
  measureSpeed,
  type Row,
  type Speed,
  Stage,
  selfCheck,
} from './engine/index.ts';
export { arrangeBlocks } from './families/index.ts';
export { type GenerateEvent, type GenerateOptions, generate } from './generate.ts';
export { chatPrompt, tryPrompts } from './prompt.ts';
export { chosenToken, createSampler, type SamplingOptions, StopStrings } from './sampling/index.ts';
export {
  areBlocks,
  ClientSession,
  decodeOpen,
  type Executor,
  encodeOpen,
  floatsOf,
  HIDDEN_PROTOCOL,
  HiddenFrames,
  MAX_FRAME_BYTES,
  type Observer,
  type Open,
  planRoute,
  planSession,
  SESSION_PROTOCOL,
  type SessionPlan,
  SessionService,
  type SessionTerms,
  type SessionWitness,
  type StageOffer,
  type Witness,
} from './session/index.ts';
export { parseTemplate, renderTemplate, type TemplateNode } from './template/index.ts';
export {
  loadTokenizer,
  openTokenizer,
  renderChat,
  type TemplateMessage,
  type Tokenizer,
} from './tokenizer/index.ts';
