import type { Ruleset } from '../../ruleset/ruleset.ts';
import type { ProbeMessage } from './conversations.ts';

/** How a family of models marks the speaker of a message; defined by the ruleset. */
export type TemplateFamily = Ruleset['template']['families'][number];

type Role = 'system' | 'user' | 'assistant';
const MAX_SHOWN = 120;

/** The family whose markers a rendered conversation contains: the one that the template claims. */
export const familyOf = (rendered: string, families: readonly TemplateFamily[]): TemplateFamily | undefined =>
  families.find(({ claims }) => claims.every((mark) => rendered.includes(mark)));

/**
 * Describes how a template treats a conversation of system, user and assistant differently from the well-known
 * templates of its family: omitted messages, or messages under another role's marker.
 */
export function differences(
  family: TemplateFamily,
  talk: readonly ProbeMessage[],
  rendered: string,
): string[] {
  const { name } = family;
  const found: string[] = [];
  const marks = [...family.system, ...family.user, ...family.assistant].filter((mark) => mark !== '');
  const placed = talk.map(({ role, content }) => ({
    role: role as Role,
    length: String(content).length,
    at: rendered.indexOf(String(content)),
  }));
  for (const { role, at } of placed) {
    if (at < 0 && !(role === 'system' && family.mayDropSystem))
      found.push(`as ${name} it leaves out or changes what the ${role} said`);
  }
  // Some families put the system message directly before the last question.
  const inOrder = placed.filter(({ at }) => at >= 0).sort((a, b) => a.at - b.at);
  let mark = '';
  let end = 0;
  for (const { role, length, at } of inOrder) {
    mark = lastOf(rendered.slice(end, at), marks) ?? mark;
    if (!family[role].includes(mark))
      found.push(`as ${name} it puts the words of the ${role} under ${show(mark)}`);
    end = at + length;
  }
  return found;
}

function lastOf(text: string, marks: readonly string[]): string | undefined {
  const places = marks.map((mark): [number, string] => [text.lastIndexOf(mark), mark]);
  const [at, mark] = places.reduce((best, next) =>
    next[0] > best[0] || (next[0] === best[0] && next[1].length > best[1].length) ? next : best,
  );
  return at < 0 ? undefined : mark;
}

const show = (text: string): string =>
  text === ''
    ? 'nobody’s mark'
    : JSON.stringify(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text);
