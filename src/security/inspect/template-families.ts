import { createHash } from 'node:crypto';
import type { Ruleset } from '../ruleset/ruleset.ts';

/** How a family of models marks who speaks; a ruleset has them. */
export type TemplateFamily = Ruleset['template']['families'][number];

export interface Turn {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

export interface Difference {
  /** Words of its own before all that was said, where nobody gave a system message: makers of models put theirs there. */
  opening: boolean;
  /** In plain words. */
  words: string;
}

/** Control tokens that the family does not name: they are no words. */
const TOKENS = /<[^<>\s]{1,40}>|\[\/?[A-Z_]{2,40}\]/g;
const MAX_SHOWN = 120;

/** The family whose marks a rendered conversation bears: what the template claims to be. */
export const familyOf = (rendered: string, families: readonly TemplateFamily[]): TemplateFamily | undefined =>
  families.find(({ claims }) => claims.every((mark) => rendered.includes(mark)));

/**
 * What a template does with a conversation that the well-known templates of its family do not: leaves out messages, puts
 * somebody's words under another's mark, adds words of its own. `dates`: what strftime_now() said while it rendered.
 */
export function differences(
  family: TemplateFamily,
  talk: readonly Turn[],
  rendered: string,
  dates: readonly string[],
): Difference[] {
  const found: Difference[] = [];
  const tell = (words: string, opening = false) => found.push({ opening, words });
  const { name, other, openings } = family;
  const marks = [...family.system, ...family.user, ...family.assistant].filter((mark) => mark !== '');
  const contents = talk.map(({ content }) => content);
  const placed = talk.map((turn) => ({ ...turn, at: rendered.indexOf(turn.content) }));
  for (const { role, at } of placed) {
    if (at < 0 && !(role === 'system' && family.mayDropSystem))
      tell(`as ${name} it leaves out or changes what the ${role} said`);
  }
  // Some families put the system message right before the last question.
  const inOrder = placed.filter(({ at }) => at >= 0).sort((a, b) => a.at - b.at);
  let mark = '';
  let end = 0;
  for (const [n, { role, content, at }] of inOrder.entries()) {
    const gap = rendered.slice(end, at);
    mark = lastOf(gap, marks) ?? mark;
    if (!family[role].includes(mark)) tell(`as ${name} it puts the words of the ${role} under ${show(mark)}`);
    addition(gap, n === 0 && role !== 'system');
    end = at + content.length;
  }
  addition(rendered.slice(end), false);
  return found;

  function addition(gap: string, opening: boolean): void {
    const words = without(gap, [...marks, ...other, ...contents, ...dates]).replace(TOKENS, ' ');
    if (!/\p{L}\p{L}/u.test(words) || openings.includes(digestOf(words))) return;
    const where = opening ? 'before the conversation' : 'between what was said';
    tell(`as ${name} it adds ${show(words.trim())} ${where}`, opening);
  }
}

/** SHA-256 of a text without its white space. */
export const digestOf = (words: string): string =>
  createHash('sha256').update(words.replace(/\s+/g, '')).digest('hex');

function lastOf(text: string, marks: readonly string[]): string | undefined {
  const places = marks.map((mark): [number, string] => [text.lastIndexOf(mark), mark]);
  const [at, mark] = places.reduce((best, next) =>
    next[0] > best[0] || (next[0] === best[0] && next[1].length > best[1].length) ? next : best,
  );
  return at < 0 ? undefined : mark;
}

const without = (text: string, marks: readonly string[]): string =>
  marks
    .filter((mark) => mark !== '')
    .sort((a, b) => b.length - a.length)
    .reduce((rest, mark) => rest.replaceAll(mark, ' '), text);

const show = (text: string): string =>
  text === ''
    ? 'nobody’s mark'
    : JSON.stringify(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text);
