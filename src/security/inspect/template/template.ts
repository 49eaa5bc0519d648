import { createHash } from 'node:crypto';
import { BitorchError, codeOf, messageOf } from '#base';
import type { TemplateNode } from '#execution';
import type { Inspection } from '../inspection.ts';
import { contentFlow } from './flow/flow.ts';
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

/** Checks how a chat template treats a conversation: first by static analysis of all branches, then by rendering. */
async function checkConversation(inspection: Inspection, tree: TemplateNode, place: string): Promise<void> {
  const texts = writtenTexts(tree);
  for (const { text, conditions } of texts) {
    const odd = oddText(text);
    if (!odd) continue;
    // An opening of the template's own stands where nobody has given one; what is always written cannot be replaced.
    const isOpening = conditions.length > 0 && !conditions.some(isSpeaker);
    const isRefused = odd.refused || (odd.isNew && !isOpening);
    const rule = isRefused ? 'template-behaviour' : 'template-opening';
    const when = conditions.length > 0 ? `${conditions.slice(-2).join(', ')}, ` : '';
    inspection.report(rule, place, `${when}it ${odd.why} ${JSON.stringify(text.trim().slice(0, MAX_SHOWN))}`);
  }
  const pieces = texts.filter(({ text }) => !isSentence(text) || oddText(text));
  for (const together of piecesTogether(pieces)) {
    const harmful = harmIn(together);
    if (harmful)
      inspection.report(
        'template-behaviour',
        place,
        `it ${harmful.why} ${JSON.stringify(together.slice(0, MAX_SHOWN))}`,
      );
  }
  for (const report of contentFlow(tree)) inspection.report('template-behaviour', place, report);
  await probeConversation(inspection, tree, place, texts.map(({ text }) => text).filter(isSentence));
}

/**
 * Whether a condition selects each message of one speaker: what is written there is added to what somebody said, and is no
 * opening of the conversation.
 */
const isSpeaker = (condition: string): boolean =>
  /^if\b.*==\s*["'](?:user|human|assistant|model|bot)["']/i.test(condition) &&
  !/loop\.(?:first|index)|\[0\]/.test(condition);

/** Single words are checked in their context, where they are rendered. */
const isSentence = (text: string): boolean => /\p{L}{2,}[^\p{L}]+\p{L}{2,}/u.test(text);
const isMessages = ({ type, value }: TemplateNode): boolean => type === 'Identifier' && value === 'messages';
