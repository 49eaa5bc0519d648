import { createHash } from 'node:crypto';
import { BitorchError, codeOf, messageOf } from '#base';
import type { TemplateNode } from '#execution';
import type { Inspection } from '../inspection.ts';
import { contentFlow } from './flow/flow.ts';
import type { Place } from './placement.ts';
import { probeConversation } from './probes.ts';
import { checkTemplate, nodesOf } from './rules.ts';
import { harmIn, oddText } from './unusual-text.ts';
import { KNOWN_TEMPLATES } from './vocabulary.ts';
import { piecesTogether, writtenTexts } from './written-texts.ts';

const MAX_SHOWN = 160;

/** Jinja statements that load other files or Python code. */
const REACHING = /\{%[-+]?\s*(include|import|from|extends|block|do|trans|debug)\b/;
/** Escapes of an underscore that only Python's lexer decodes. */
const ESCAPED_UNDERSCORE = /\\(x5f|u005f|U0000005f|137|N\{LOW LINE\})/i;

/**
 * Inspects a template: the operations that it uses and, for a chat template (by its place, or because it uses
 * `messages`), how it treats test conversations.
 */
export async function inspectTemplate(
  inspection: Inspection,
  source: string,
  place: string,
  { chat = true } = {},
): Promise<void> {
  const { limits, template } = inspection.ruleset;
  if (source.trim() === '') return;
  const digest = createHash('sha256').update(source.trim()).digest('hex');
  if (template.known.includes(digest) || KNOWN_TEMPLATES.includes(digest)) return;
  if (source.length > limits.templateBytes) {
    inspection.report('template-unreadable', place, `${source.length} characters`);
    return;
  }
  const reaching = REACHING.exec(source)?.[1];
  if (reaching) inspection.report('template-forbidden', place, `the statement ${reaching}`);
  if (ESCAPED_UNDERSCORE.test(source))
    inspection.report('template-forbidden', place, 'an underscore written as an escape');
  // Imported lazily: most scans encounter no template.
  const { parseTemplate } = await import('#execution');
  try {
    const tree = parseTemplate(source);
    const problems = checkTemplate(tree, inspection.ruleset);
    for (const problem of problems) inspection.report('template-forbidden', place, problem);
    const converses = chat || [...nodesOf(tree)].some(isMessages);
    if (problems.length === 0 && converses) await checkConversation(inspection, tree, place);
  } catch (error) {
    if (!(error instanceof BitorchError)) throw error;
    const rule = codeOf(error) === 'TEMPLATE_LIMIT' ? 'resource-bomb' : 'template-unreadable';
    inspection.report(rule, place, messageOf(error));
  }
}

/** Checks how a chat template treats a conversation: by static analysis of all branches, and by rendering. */
async function checkConversation(inspection: Inspection, tree: TemplateNode, place: string): Promise<void> {
  const find = (what: string) => inspection.report('template-behaviour', place, what);
  const texts = writtenTexts(tree);
  for (const report of contentFlow(tree)) find(report);
  const pieces = texts.filter(({ text }) => !isSentence(text) || oddText(text));
  for (const together of piecesTogether(pieces)) {
    const harmful = harmIn(together);
    if (harmful) find(`it ${harmful.why} ${shown(together)}`);
  }
  const odd = texts.flatMap(({ text, conditions }) => {
    const found = oddText(text);
    return found ? [{ text, conditions, ...found }] : [];
  });
  const sentences = texts.map(({ text }) => text).filter(isSentence);
  const placement = await probeConversation(
    inspection,
    tree,
    place,
    sentences,
    odd.map(({ text }) => text),
  );
  for (const { text, conditions, refused, isLabel, isNew, why } of odd) {
    const written = placement.placeOf(text);
    // Callers see what they ask for. A system prompt that nobody gave is a note when it has words of published ones only.
    const isNote = !refused && (isLabel || written === 'switch' || (written === 'opening' && !isNew));
    const when = [...conditions.slice(-2), ...(isNote ? [] : [WHEN[written]])].filter((each) => each !== '');
    const what = [...when, `it ${why} ${shown(text)}`].join(', ');
    if (isNote) inspection.report('template-opening', place, what);
    else find(what);
  }
}

const WHEN: Readonly<Record<Place, string>> = {
  always: 'in every conversation',
  message: 'because of a message that is not plain',
  never: 'in none of the trials',
  opening: 'where nobody gives a system message',
  switch: '',
};

const shown = (text: string): string => JSON.stringify(text.trim().slice(0, MAX_SHOWN));

/** Single words are checked in their context, where they are rendered. */
const isSentence = (text: string): boolean => /\p{L}{2}[^\p{L}]+\p{L}{2}/u.test(text);
const isMessages = ({ type, value }: TemplateNode): boolean => type === 'Identifier' && value === 'messages';
