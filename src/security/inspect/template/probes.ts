import { BitorchError, codeOf } from '#base';
import type { TemplateNode } from '#execution';
import type { Inspection } from '../inspection.ts';
import { Clock, daysToTry, PROBE_DAY, type ProbeTime } from './clock.ts';
import {
  GIVEN_TEXT,
  isPlain,
  type ProbeMessage,
  QUESTION,
  SECOND,
  SETTINGS,
  TALKS,
  wordsOf,
} from './conversations.ts';
import { differences, familyOf } from './families.ts';
import { Placement } from './placement.ts';
import { nodesOf } from './rules.ts';
import { harmIn, oddText, withoutTexts } from './unusual-text.ts';

const LIMITS = { maxSteps: 80_000, maxText: 1 << 18, maxWork: 1 << 24 };
/** Steps of all trials together. The longest published templates take 1.7 million. */
const MAX_STEPS = 3_000_000;
/** Characters of different texts that a template writes around what was said, of which the largest published ones have 0.3 million. */
const MAX_JUDGED = 1 << 20;
const MAX_SWITCHES = 24;
/** Variables that every template may use. */
const GIVEN = new Set(
  'messages add_generation_prompt bos_token eos_token unk_token pad_token raise_exception strftime_now range namespace dict loop caller true false none True False None'.split(
    ' ',
  ),
);

type Values = Readonly<Record<string, unknown>>;

/**
 * Renders test conversations under many settings. What was said must appear unchanged and under its speaker's marker;
 * the text around it must contain no unusual words and must not depend on the time. `texts`: what the template is
 * known to write. Returns when it writes the `unpublished` ones. A template that renders none of the conversations is refused, since its behaviour cannot be
 * determined.
 */
export async function probeConversation(
  inspection: Inspection,
  tree: TemplateNode,
  place: string,
  texts: readonly string[],
  unpublished: readonly string[],
): Promise<Placement> {
  const { renderTemplate } = await import('#execution');
  const find = (words: string) => inspection.report('template-behaviour', place, words);
  const limits = { ...LIMITS, pool: { steps: MAX_STEPS } };
  const render = (messages: readonly ProbeMessage[], values: Values, clock: Clock): string | undefined => {
    try {
      return renderTemplate(
        tree,
        { ...TOKENS, add_generation_prompt: true, ...values, messages },
        limits,
        clock.now,
      );
    } catch (error) {
      if (!(error instanceof BitorchError) || codeOf(error) !== 'TEMPLATE_REFUSES') throw error;
      return undefined;
    }
  };
  const placement = new Placement(unpublished);
  let renders = 0;
  let isOdd = false;
  /** Kinds of conversations for which some prompt contained the user's text, and for which some prompt lacked it. */
  const shown = new Set<string>();
  const dropped = new Set<string>();
  const published = texts.filter((text) => oddText(text) === undefined);
  /** What was judged: most conversations have the same texts around them. */
  const judged = new Set<string>();
  let judgedLength = 0;
  let renderable: readonly ProbeMessage[] | undefined;
  for (const values of [...SETTINGS, ...switchesOf(tree)]) {
    for (const talk of TALKS) {
      const clock = new Clock(PROBE_DAY);
      const rendered = render(talk, values, clock);
      if (rendered === undefined) continue;
      renders++;
      if (isPlain(values)) renderable ??= talk;
      placement.rendered(rendered, talk, isPlain(values));
      checkWords(rendered, talk, clock);
    }
  }
  // Some templates accept only strings as content, some only lists of parts.
  if ([...dropped].some((kind) => shown.has(kind)) || (renders > 0 && shown.size === 0))
    find('what the user said is dropped or changed');
  if (renders === 0) find('it renders none of the conversations that it was tried with');
  if (renderable) {
    const talk = renderable;
    const time = daysToTry(tree).find((day) => differsByTime((clock) => render(talk, {}, clock), day));
    if (time) find(`at some times, such as ${time.join('-')}, the prompt is another one`);
  }
  return placement;

  function checkWords(rendered: string, talk: readonly ProbeMessage[], clock: Clock): void {
    const kind = kindOf(talk);
    if (rendered.includes(QUESTION)) shown.add(kind);
    if (questionsOf(talk).some((question) => !rendered.includes(question))) dropped.add(kind);
    const family = familyOf(rendered, inspection.ruleset.template.families);
    const isOrdinaryTalk = talk.every(isOrdinary);
    if (isOrdinaryTalk && isReordered(talk, rendered))
      find('the order of what was said is changed, or repeats are dropped');
    if (family && isOrdinaryTalk && rendered.includes(QUESTION)) {
      for (const words of differences(family, talk, rendered))
        inspection.report('template-family', place, words);
    }
    if (isOdd) return;
    const whole = withoutTexts(rendered, [...wordsOf(talk), ...clock.outputs]);
    if (judged.has(whole)) return;
    judged.add(whole);
    judgedLength += whole.length;
    if (judgedLength > MAX_JUDGED) {
      isOdd = true;
      inspection.report('resource-bomb', place, 'it writes more than a template of conversations has to say');
      return;
    }
    const own = withoutTexts(whole, texts);
    const odd = oddText(own, { assembled: true }) ?? harmIn(withoutTexts(whole, published));
    if (!odd?.refused) return;
    isOdd = true;
    find(`it ${odd.why} ${JSON.stringify(own.trim().slice(0, 160))}`);
  }
}

/**
 * A plain text message of one of the roles that all families have. Messages with reasoning are excluded, since it is
 * omitted from later prompts.
 */
const isOrdinary = ({ role, content, ...fields }: ProbeMessage): boolean =>
  /^(system|user|assistant)$/.test(role) &&
  typeof content === 'string' &&
  !content.includes('<think>') &&
  Object.keys(fields).length === 0;

/** Whether what users and assistants said is all there, but not one behind the other. */
function isReordered(talk: readonly ProbeMessage[], rendered: string): boolean {
  let end = 0;
  for (const { role, content } of talk) {
    const said = String(content);
    if (role === 'system' || !rendered.includes(said)) continue;
    const at = rendered.indexOf(said, end);
    if (at < 0) return true;
    end = at + said.length;
  }
  return false;
}

/** The kind of a conversation: content as strings, content as lists of parts, or other roles. */
function kindOf(talk: readonly ProbeMessage[]): string {
  if (!talk.some(({ role }) => role === 'user')) return 'others';
  return talk.some(({ content }) => Array.isArray(content)) ? 'parts' : 'texts';
}

/** The user's questions that a prompt must contain. */
const questionsOf = (talk: readonly ProbeMessage[]): string[] =>
  talk
    .filter(({ role }) => role === 'user')
    .flatMap(({ content }) =>
      typeof content === 'string' ? [content] : (content ?? []).map(({ text }) => text),
    )
    .filter((text) => text === QUESTION || text === SECOND);

const TOKENS = { bos_token: '<s>', eos_token: '</s>', unk_token: '<unk>', pad_token: '<pad>' };

/** Values that callers may set: each variable that the template uses, and all of them together. */
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

/** Whether the prompt differs in more than the time itself. */
function differsByTime(render: (clock: Clock) => string | undefined, time: ProbeTime): boolean {
  const [usual, other] = [new Clock(PROBE_DAY), new Clock(time)];
  const [plain, rendered] = [render(usual), render(other)];
  if (usual.outputs.length === 0) return false;
  const timeless = (text: string | undefined) =>
    text && withoutTexts(text, [...usual.outputs, ...other.outputs]);
  return timeless(plain) !== timeless(rendered);
}
