/** Test conversations for templates, and other values that callers pass. */

/** A message of a test conversation. */
export interface ProbeMessage {
  readonly role: string;
  readonly content: string | readonly { readonly type: 'text'; readonly text: string }[] | null;
  readonly [field: string]: unknown;
}

/** Texts that no template contains. Each occurs once, so it can be located in a prompt. */
export const QUESTION = 'Qwxzj vorb lummet 7041';
const ANSWER = 'Pfleng dorrik 5520 hamv';
export const SECOND = 'Trovnik 8813 yelp mundo';
const SYSTEM = 'Xylo brandt 3307';
const THOUGHT = 'Hmorv 6127 quellit';
const RESULT = 'Vuntz 4410 skarp';
const TOOL = 'zqfetch';
const PURPOSE = 'Gliptor 2093 wenz';
const TITLE = 'Brolm 7752';
const FIELD = 'zqplace';

const user = { role: 'user', content: QUESTION };
const assistant = { role: 'assistant', content: ANSWER };
const second = { role: 'user', content: SECOND };
const system = { role: 'system', content: SYSTEM };
const call = { id: 'call12345', type: 'function', function: { name: TOOL, arguments: { [FIELD]: TITLE } } };
const asks = { role: 'assistant', content: '', tool_calls: [call] };
const result = { role: 'tool', name: TOOL, tool_call_id: call.id, content: RESULT };
const parts = (text: string) => [{ type: 'text', text } as const];

const LONG_TALK = 24;
const longTalk: readonly ProbeMessage[] = [
  user,
  ...Array.from({ length: LONG_TALK }, (_, n): ProbeMessage[] => [
    { role: 'assistant', content: `${ANSWER} ${n}` },
    { role: 'user', content: n === LONG_TALK - 1 ? SECOND : `Ombrik ${n} zhett` },
  ]).flat(),
];

/** Some templates require a system message, some accept only a single question or only lists of parts. */
export const TALKS: readonly (readonly ProbeMessage[])[] = [
  [user, assistant, second],
  [system, user, assistant, second],
  [user],
  [user, assistant, user],
  [{ role: 'developer', content: SYSTEM }, user, assistant, second],
  [user, asks, result, assistant, second],
  [system, user, asks, result],
  [user, { ...assistant, reasoning_content: THOUGHT }, second],
  [user, { ...assistant, content: `<think>\n${THOUGHT}\n</think>\n\n${ANSWER}` }, second],
  [user, assistant],
  [
    user,
    {
      ...assistant,
      content: null,
      tool_calls: [{ ...call, function: { ...call.function, arguments: '{}' } }],
    },
    result,
  ],
  longTalk,
  [system, ...longTalk],
  [
    { role: 'user', content: parts(QUESTION) },
    { role: 'assistant', content: parts(ANSWER) },
    { role: 'user', content: parts(SECOND) },
  ],
  [{ role: 'user', content: parts(QUESTION) }],
  [system, { role: 'query', content: QUESTION }, { role: 'document', content: RESULT }],
];

const TOOLS = [
  {
    type: 'function',
    function: {
      name: TOOL,
      description: PURPOSE,
      parameters: {
        type: 'object',
        properties: { [FIELD]: { type: 'string', description: PURPOSE } },
        required: [FIELD],
      },
    },
  },
];

/** What engines pass without being asked: before an answer, and to continue one. */
const PLAIN: Readonly<Record<string, unknown>> = {};
const CONTINUING: Readonly<Record<string, unknown>> = { add_generation_prompt: false };
export const isPlain = (values: unknown): boolean => values === PLAIN || values === CONTINUING;

/** Values that callers pass beside the messages. */
export const SETTINGS: readonly Readonly<Record<string, unknown>>[] = [
  PLAIN,
  CONTINUING,
  { tools: TOOLS },
  { documents: [{ title: TITLE, text: PURPOSE }] },
  { enable_thinking: false },
  { tools: TOOLS, enable_thinking: true, thinking: true },
  { tools: TOOLS, functions: PURPOSE, datetime: TITLE },
];

/** Value for variables that only the template knows. */
export const GIVEN_TEXT = TITLE;

/** All texts that a conversation, or a value passed beside it, brings into a prompt. */
export const wordsOf = (talk: readonly ProbeMessage[]): string[] => [
  ...talk.map(({ content }) => content).filter((content) => typeof content === 'string'),
  ...[QUESTION, ANSWER, SECOND, SYSTEM, THOUGHT, RESULT, TOOL, PURPOSE, TITLE, FIELD, call.id],
];
