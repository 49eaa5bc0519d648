import type { ErrorTable } from '#base';

/** The codes of this room: HTTP status, meaning, and exit code where it is not 1. */
export const EXECUTION_ERRORS = {
  ARCHITECTURE_UNSUPPORTED: [400, 'a model has sizes that cannot be run'],
  ARITHMETIC_MISMATCH: [500, 'this machine computes other bits than the network'],
  BLOCKS_MISSING: [503, 'no node serves some blocks of the model now'],
  BLOCKS_NOT_SERVED: [503, 'a stage does not run the blocks that it is asked for'],
  CHAT_TEMPLATE_FAILED: [400, "the model's chat template does not take these messages"],
  CHAT_TEMPLATE_LIMIT: [400, "the model's chat template was stopped at its limits"],
  CHAT_TEMPLATE_UNSUPPORTED: [400, "the model's chat template uses parts of Jinja that are not known"],
  CONTEXT_EXCEEDED: [400, "a conversation is longer than the model's or the session's context"],
  CONTEXT_INVALID: [400, 'a context is out of bounds'],
  ENGINE_FAILED: [500, 'a thread that computes has died'],
  ENGINE_STOPPED: [503, 'the engine was stopped'],
  HIDDEN_NOT_FINITE: [502, 'hidden states hold numbers that are not finite'],
  LOGITS_INVALID: [500, 'the model gave no finite logits'],
  MEMORY_EXCEEDED: [400, 'blocks and their caches need more memory than a stage can have'],
  NEXT_MISSING: [502, 'the next stage did not connect'],
  PEER_UNKNOWN: [502, 'the stage before has not announced itself'],
  PERIOD_INVALID: [502, 'a session is for another period: a clock is off'],
  PIN_UNAVAILABLE: [400, 'threads cannot each keep a core'],
  POSITION_GAP: [502, 'a frame leaves positions out'],
  PROMPT_EMPTY: [400, 'a conversation leaves the model no token to read'],
  PROMPT_TOO_LONG: [400, 'a text has more characters than are tokenized'],
  SESSION_ABORTED: [499, 'a session was broken off'],
  SESSION_IDLE: [503, 'a session was silent for too long'],
  SESSION_KNOWN: [409, 'a session with this id is open'],
  SESSION_UNKNOWN: [404, 'there is no session with this id'],
  SIMD_MISSING: [500, "this machine's WebAssembly has no SIMD"],
  STAGE_BUSY: [503, 'a stage has as many sessions as it takes'],
  STAGE_FAILED: [502, 'a stage of the route failed'],
  STAGE_STOPPING: [503, 'a stage is shutting down'],
  TEMPLATE_INVALID: [400, 'a chat template cannot be read'],
  TEMPLATE_LIMIT: [400, 'a chat template went beyond its limits'],
  TEMPLATE_REFUSES: [400, 'a chat template refuses the messages itself'],
  TENSORS_INVALID: [400, "a model's tensors are not those of its architecture"],
  TIME_LIMIT: [400, 'tokenizing or a template took too long'],
  TOKENIZER_INVALID: [400, 'a tokenizer is damaged'],
  TOKENIZER_UNSUPPORTED: [400, 'a tokenizer is of a kind that is not known'],
  TOKENS_BANNED: [400, 'the logit bias leaves no token'],
  TOKEN_INVALID: [400, 'a token is not in the vocabulary'],
  WEIGHTS_INVALID: [400, 'the weights of a tensor are not what its type says'],
} as const satisfies ErrorTable;

declare module '../base/errors.ts' {
  interface ErrorTables {
    execution: typeof EXECUTION_ERRORS;
  }
}
