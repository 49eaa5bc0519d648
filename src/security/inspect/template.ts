import { createHash } from 'node:crypto';
import { BitorchError, codeOf, messageOf } from '#base';
import type { TemplateNode } from '#execution';
import type { Inspection } from './inspection.ts';
import { probeConversation } from './template-probes.ts';
import { judgeTemplate, nodesOf } from './template-rules.ts';

/** Statements of Jinja that bring other files or Python in. */
const REACHING = /\{%[-+]?\s*(include|import|from|extends|block|do|trans|debug)\b/;
/** Spellings of an underscore that only Python's lexer undoes. */
const ESCAPED_UNDERSCORE = /\\(x5f|u005f|U0000005f|137|N\{LOW LINE\})/i;

/**
 * Judges a template: what it may do at all, and, when it is for a chat (by its place, or because it uses messages), what
 * it does with test conversations.
 */
export async function inspectTemplate(
  inspection: Inspection,
  source: string,
  place: string,
  { chat = true } = {},
): Promise<void> {
  const { limits, template } = inspection.ruleset;
  if (source.trim() === '') return;
  if (template.known.includes(createHash('sha256').update(source.trim()).digest('hex'))) return;
  if (source.length > limits.templateBytes) {
    inspection.find('template-unreadable', place, `${source.length} characters`);
    return;
  }
  const reaching = REACHING.exec(source)?.[1];
  if (reaching) inspection.find('template-forbidden', place, `the statement ${reaching}`);
  if (ESCAPED_UNDERSCORE.test(source))
    inspection.find('template-forbidden', place, 'an underscore written as an escape');
  // Loaded here only: most scans meet no template.
  const { parseTemplate } = await import('#execution');
  try {
    const tree = parseTemplate(source);
    const problems = judgeTemplate(tree, inspection.ruleset);
    for (const problem of problems) inspection.find('template-forbidden', place, problem);
    const converses = chat || [...nodesOf(tree)].some(isMessages);
    if (problems.length === 0 && converses) await probeConversation(inspection, tree, place);
  } catch (error) {
    if (!(error instanceof BitorchError)) throw error;
    const rule = codeOf(error) === 'TEMPLATE_LIMIT' ? 'resource-bomb' : 'template-unreadable';
    inspection.find(rule, place, messageOf(error));
  }
}

const isMessages = ({ type, value }: TemplateNode): boolean => type === 'Identifier' && value === 'messages';
