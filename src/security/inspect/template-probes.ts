import { BitorchError, codeOf } from '#base';
import type { TemplateNode } from '#execution';
import type { Inspection } from './inspection.ts';
import { Clock, daysToTry, PROBE_DAY, type ProbeTime } from './template-clock.ts';
import { differences, familyOf } from './template-families.ts';
import { nodesOf } from './template-rules.ts';
import {
  GIVEN_TEXT,
  type ProbeMessage,
  QUESTION,
  SECOND,
  SETTINGS,
  TALKS,
  wordsOf,
} from './template-talks.ts';
import { oddText, withoutTexts } from './template-words.ts';

const LIMITS = { maxSteps: 80_000, maxText: 1 << 18, maxWork: 1 << 24 };
const MAX_SWITCHES = 24;
/** Names that every template may use. */
const GIVEN = new Set(
  'messages add_generation_prompt bos_token eos_token unk_token pad_token raise_exception strftime_now range namespace dict loop caller true false none True False None'.split(
    ' ',
  ),
);

type Values = Readonly<Record<string, unknown>>;

/**
 * Renders test conversations in many settings: what was said must appear unchanged and under its speaker's mark, what
 * stands around it may have no odd words, and may not depend on the time. `texts`: what the template is known to write.
 * A template that renders none of them is refused, for nobody can say what it does.
 */
export async function probeConversation(
  inspection: Inspection,
  tree: TemplateNode,
  place: string,
  texts: readonly string[],
): Promise<void> {
  const { renderTemplate } = await import('#execution');
  const find = (words: string) => inspection.find('template-behaviour', place, words);
  const render = (messages: readonly ProbeMessage[], values: Values, clock: Clock): string | undefined => {
    try {
      return renderTemplate(
        tree,
        { ...TOKENS, add_generation_prompt: true, ...values, messages },
        LIMITS,
        clock.now,
      );
    } catch (error) {
      if (!(error instanceof BitorchError) || codeOf(error) !== 'TEMPLATE_REFUSES') throw error;
      return undefined;
    }
  };
  let renders = 0;
  let isOdd = false;
  /** Kinds of conversations of which what the user said was there in a prompt, and was not. */
  const shown = new Set<string>();
  const dropped = new Set<string>();
  const renderable = TALKS.filter((talk) => render(talk, {}, new Clock(PROBE_DAY)) !== undefined);
  for (const values of [...SETTINGS, ...switchesOf(tree)]) {
    for (const talk of TALKS) {
      const clock = new Clock(PROBE_DAY);
      const rendered = render(talk, values, clock);
      if (rendered === undefined) continue;
      renders++;
      checkWords(rendered, talk, clock);
    }
  }
  // Some templates take texts only, some only lists of parts.
  if ([...dropped].some((kind) => shown.has(kind)) || (renders > 0 && shown.size === 0))
    find('what the user said is dropped or changed');
  if (renders === 0) find('it renders none of the conversations that it was tried with');
  const [talk] = renderable;
  if (talk) {
    const time = daysToTry(tree).find((day) => differsByTime((clock) => render(talk, {}, clock), day));
    if (time) find(`at some times, such as ${time.join('-')}, the prompt is another one`);
  }

  function checkWords(rendered: string, talk: readonly ProbeMessage[], clock: Clock): void {
    const kind = kindOf(talk);
    if (rendered.includes(QUESTION)) shown.add(kind);
    if (questionsOf(talk).some((question) => !rendered.includes(question))) dropped.add(kind);
    const family = familyOf(rendered, inspection.ruleset.template.families);
    const isPlain = talk.every(isOrdinary);
    if (family && isPlain && rendered.includes(QUESTION)) {
      for (const words of differences(family, talk, rendered))
        inspection.find('template-family', place, words);
    }
    const own = withoutTexts(rendered, [...wordsOf(talk), ...clock.said, ...texts]);
    const odd = oddText(own);
    if (!odd?.refused || isOdd) return;
    isOdd = true;
    find(`it ${odd.why} ${JSON.stringify(own.trim().slice(0, 160))}`);
  }
}

/** Of the three speakers that all families know, and nothing but text: thoughts are left out of later prompts. */
const isOrdinary = ({ role, content, ...fields }: ProbeMessage): boolean =>
  /^(system|user|assistant)$/.test(role) &&
  typeof content === 'string' &&
  !content.includes('<think>') &&
  Object.keys(fields).length === 0;

/** Whether a conversation is of texts, of lists of parts, or of other speakers. */
function kindOf(talk: readonly ProbeMessage[]): string {
  if (!talk.some(({ role }) => role === 'user')) return 'others';
  return talk.some(({ content }) => Array.isArray(content)) ? 'parts' : 'texts';
}

/** The questions of the user that must be in a prompt. */
const questionsOf = (talk: readonly ProbeMessage[]): string[] =>
  talk
    .filter(({ role }) => role === 'user')
    .flatMap(({ content }) =>
      typeof content === 'string' ? [content] : (content ?? []).map(({ text }) => text),
    )
    .filter((text) => text === QUESTION || text === SECOND);

const TOKENS = { bos_token: '<s>', eos_token: '</s>', unk_token: '<unk>', pad_token: '<pad>' };

/** What callers may set: each variable that the template asks for, or all of them. */
function switchesOf(tree: TemplateNode): Values[] {
  const names = new Set<string>();
  for (const { type, value } of nodesOf(tree)) {
    if (type === 'Identifier' && !GIVEN.has(String(value))) names.add(String(value));
  }
  const asked = [...names].slice(0, MAX_SWITCHES);
  const all = (value: unknown): Values =>
    Object.fromEntries(asked.map((name): [string, unknown] => [name, value]));
  const texts = asked
    .filter((name) => !/tool|document|function/.test(name))
    .map((name) => [name, GIVEN_TEXT]);
  return [...asked.map((name) => ({ [name]: true })), all(true), Object.fromEntries(texts)];
}

/** Whether more than the time itself is different then. */
function differsByTime(render: (clock: Clock) => string | undefined, time: ProbeTime): boolean {
  const [usual, other] = [new Clock(PROBE_DAY), new Clock(time)];
  const [plain, rendered] = [render(usual), render(other)];
  if (usual.said.length === 0) return false;
  const timeless = (text: string | undefined) => text && withoutTexts(text, [...usual.said, ...other.said]);
  return timeless(plain) !== timeless(rendered);
}
