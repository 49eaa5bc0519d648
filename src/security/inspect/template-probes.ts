import { BitorchError, codeOf } from '#base';
import type { TemplateNode } from '#execution';
import type { Inspection } from './inspection.ts';
import { Clock, type Day, daysToTry, PROBE_DAY } from './template-clock.ts';
import { differences, familyOf, type Turn } from './template-families.ts';
import { nodesOf } from './template-rules.ts';

const LIMITS = { maxSteps: 40_000, maxText: 1 << 18, maxWork: 1 << 24 };
/** Texts that no template knows: each appears once, so it can be found again. */
const USER = 'Qwxzj vorb lummet 7041';
const ANSWER = 'Pfleng dorrik 5520 hamv';
const SECOND = 'Trovnik 8813 yelp mundo';
/** Words that look like markup are handled openly by templates of reasoning and tool models. */
const ORDINARY = /^[\p{L}\p{N}][\p{L}\p{N} .,'!?:/-]{2,60}$/u;
const COMPARING = new Set(['in', 'not in', '==', '!=']);
const MAX_TRIGGERS = 64;

/** Conversations that templates are made for: some want a system message, some take a single question only. */
const SHAPES: readonly ((user: string) => Turn[])[] = [
  (user) => [
    { role: 'user', content: user },
    { role: 'assistant', content: ANSWER },
    { role: 'user', content: SECOND },
  ],
  (user) => [
    { role: 'system', content: 'Xylo brandt 3307' },
    { role: 'user', content: user },
    { role: 'assistant', content: ANSWER },
    { role: 'user', content: SECOND },
  ],
  (user) => [{ role: 'user', content: user }],
];

/**
 * Renders test conversations: what was said must appear unchanged, and what stands around it may depend neither on the
 * words of the user nor on the day, and is compared with what the family's well-known templates write. Triggers are
 * looked for among the template's own texts: a condition needs its word.
 */
export async function probeConversation(
  inspection: Inspection,
  tree: TemplateNode,
  place: string,
): Promise<void> {
  const { renderTemplate } = await import('#execution');
  const find = (words: string) => inspection.find('template-behaviour', place, words);
  const render = (messages: Turn[], clock = new Clock(PROBE_DAY)): string | undefined => {
    const values = {
      messages,
      add_generation_prompt: true,
      bos_token: '<s>',
      eos_token: '</s>',
      unk_token: '<unk>',
      pad_token: '<pad>',
    };
    try {
      return renderTemplate(tree, values, LIMITS, clock.now);
    } catch (error) {
      if (!(error instanceof BitorchError) || codeOf(error) !== 'TEMPLATE_REFUSES') throw error;
      return undefined;
    }
  };
  const shape = SHAPES.find((talk) => render(talk(USER))?.includes(USER));
  if (!shape) {
    const renders = SHAPES.some((talk) => render(talk(USER)) !== undefined);
    if (renders) find('what the user said is dropped or changed');
    return;
  }
  const talk = shape(USER);
  const plain = render(talk)!;
  if (talk.some(({ content }) => content === SECOND) && !plain.includes(SECOND)) {
    find('the last words of the user are dropped or changed');
  }
  compareWithFamily(inspection, place, render);
  for (const day of dayTriggers(tree, (clock) => render(talk, clock))) {
    find(`on some days, such as ${day.join('-')}, the prompt is another one`);
  }
  const around = plain.replace(USER, '');
  const triggers = triggersOf(tree);
  if (triggers.length > MAX_TRIGGERS) {
    find(`it compares with ${triggers.length} words`);
    return;
  }
  for (const trigger of triggers) {
    const sayings = [`${trigger} ${USER}`, `${USER} ${trigger} 96`, `${USER} ${trigger}`, trigger];
    const changed = sayings.some((said) => {
      const rendered = render(shape(said));
      return rendered !== undefined && without(rendered, said, trigger) !== without(around, trigger, trigger);
    });
    if (changed) find(`the words ${JSON.stringify(trigger)} of a user change the prompt`);
  }
}

/** What the template does that the well-known ones of the family whose marks it writes do not. */
function compareWithFamily(
  inspection: Inspection,
  place: string,
  render: (messages: Turn[], clock: Clock) => string | undefined,
): void {
  for (const shape of SHAPES) {
    const talk = shape(USER);
    const clock = new Clock(PROBE_DAY);
    const rendered = render(talk, clock);
    const family = rendered && familyOf(rendered, inspection.ruleset.template.families);
    if (!family) continue;
    for (const { opening, words } of differences(family, talk, rendered, clock.said)) {
      inspection.find(opening ? 'template-opening' : 'template-family', place, words);
    }
  }
}

/** The first day, if any, on which more than the date itself is different. */
function dayTriggers(tree: TemplateNode, render: (clock: Clock) => string | undefined): Day[] {
  const usual = new Clock(PROBE_DAY);
  const plain = render(usual);
  const differs = (day: Day): boolean => {
    const clock = new Clock(day);
    const text = render(clock);
    const dates = [...usual.said, ...clock.said].filter((date) => date !== '');
    const dateless = (words: string | undefined) =>
      dates.sort((x, y) => y.length - x.length).reduce((rest, date) => rest?.replaceAll(date, ' '), words);
    return dateless(text) !== dateless(plain);
  };
  return usual.said.length === 0 ? [] : daysToTry(tree).filter(differs).slice(0, 1);
}

/** A prompt without what was said, and without the trigger itself wherever the template has it. */
const without = (text: string, said: string, trigger: string): string =>
  text.replace(said, '').replaceAll(trigger, '');

/** Ordinary words that the template compares something with. */
function triggersOf(tree: TemplateNode): string[] {
  const found = new Set<string>();
  for (const node of nodesOf(tree)) {
    for (const literal of literalsCompared(node)) if (ORDINARY.test(literal)) found.add(literal.trim());
  }
  return [...found];
}

function literalsCompared(node: TemplateNode): string[] {
  const text = (side: unknown): string[] => {
    const { type, value } = (side ?? {}) as TemplateNode;
    if (type === 'StringLiteral') return [String(value)];
    return type === 'ArrayLiteral' || type === 'TupleLiteral' ? (value as TemplateNode[]).flatMap(text) : [];
  };
  if (node.type === 'BinaryExpression') {
    const { value } = node.operator as { value: string };
    return COMPARING.has(value) ? [...text(node.left), ...text(node.right)] : [];
  }
  return node.type === 'CallExpression' ? (node.args as TemplateNode[]).flatMap(text) : [];
}
