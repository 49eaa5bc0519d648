import type { ErrorTable } from '#base';

/** Error codes of this folder: HTTP status, meaning, and the exit code where it is not 1. */
export const EXECUTION_ERRORS = {
  ARCHITECTURE_UNSUPPORTED: [400, "the kernels do not support the model's dimensions"],
  ARITHMETIC_MISMATCH: [500, "this machine's arithmetic differs from the network's"],
  BLOCKS_MISSING: [503, 'some blocks of the model are not served by any node'],
  BLOCKS_NOT_SERVED: [503, 'the stage does not serve the requested blocks'],
  CHAT_TEMPLATE_FAILED: [400, "the model's chat template does not accept these messages"],
  CHAT_TEMPLATE_LIMIT: [400, "the model's chat template exceeded its time or size limits"],
  CHAT_TEMPLATE_UNSUPPORTED: [400, "the model's chat template uses unsupported Jinja features"],
  CONTEXT_EXCEEDED: [400, 'the conversation exceeds the context of the model or the session'],
  CONTEXT_INVALID: [400, 'the requested context is out of range'],
  ENGINE_FAILED: [500, 'a compute thread crashed'],
  ENGINE_STOPPED: [503, 'the engine was stopped'],
  HIDDEN_NOT_FINITE: [502, 'hidden states contain NaN or infinity'],
  LOGITS_INVALID: [500, 'the model produced logits without a finite maximum'],
  MEMORY_EXCEEDED: [400, 'the blocks and their KV caches exceed the memory limit of a stage'],
  NEXT_MISSING: [502, 'the next stage did not connect in time'],
  PEER_UNKNOWN: [502, 'the address of the previous stage is unknown'],
  PERIOD_INVALID: [502, 'the session belongs to another period: a clock is wrong'],
  PIN_UNAVAILABLE: [400, 'threads cannot be pinned to cores'],
  POSITION_GAP: [502, 'a frame skips positions'],
  PROMPT_EMPTY: [400, 'the prompt contains no tokens'],
  PROMPT_INVALID: [400, 'the conversation uses every private-use character of Unicode'],
  PROMPT_TOO_LONG: [400, 'the text exceeds the length limit of the tokenizer'],
  SESSION_ABORTED: [499, 'the session was aborted'],
  SESSION_IDLE: [503, 'the session timed out without a frame'],
  SESSION_KNOWN: [409, 'a session with this id is already open'],
  SESSION_UNKNOWN: [404, 'no session has this id'],
  SIMD_MISSING: [500, "this machine's WebAssembly has no SIMD"],
  STAGE_BUSY: [503, 'all session slots of the stage are in use'],
  STAGE_FAILED: [502, 'a stage of the route failed'],
  STAGE_STOPPING: [503, 'the stage is shutting down'],
  TEMPLATE_INVALID: [400, 'the chat template cannot be parsed'],
  TEMPLATE_LIMIT: [400, 'the chat template exceeded its limits'],
  TEMPLATE_REFUSES: [400, 'the chat template rejected the messages'],
  TENSORS_INVALID: [400, "the model's tensors do not match its architecture"],
  TIME_LIMIT: [400, 'tokenizing or template rendering took too long'],
  TOKENIZER_INVALID: [400, 'the tokenizer is malformed'],
  TOKENIZER_UNSUPPORTED: [400, 'the tokenizer type is not supported'],
  TOKENS_BANNED: [400, 'the logit bias bans every token'],
  TOKEN_INVALID: [400, 'a token id is outside the vocabulary'],
  WEIGHTS_INVALID: [400, 'the weights of a tensor do not match its type'],
} as const satisfies ErrorTable;

declare module '../base/errors.ts' {
  interface ErrorTables {
    execution: typeof EXECUTION_ERRORS;
  }
}
