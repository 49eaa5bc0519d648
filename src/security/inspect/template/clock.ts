import type { TemplateNode } from '#execution';
import { nodesOf } from './rules.ts';

const MONTHS = 'January February March April May June July August September October November December'.split(
  ' ',
);
const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');
const LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const MAX_DAYS = 24;

/** A day of the Gregorian calendar; month and day count from 1. */
export type Day = readonly [year: number, month: number, day: number];

/** A day, and optionally a full hour (0–23; noon by default). */
export type ProbeTime = readonly [...Day, hour?: number];

/** The fixed day of all renderings that are compared with one another. */
export const PROBE_DAY: Day = [2025, 1, 1];

/** A fixed time for strftime_now(). Records the texts that it returned. */
export class Clock {
  readonly outputs: string[] = [];
  readonly #fields: Readonly<Record<string, string>>;

  constructor([year, month, date, hour = 12]: ProbeTime) {
    const two = (value: number) => String(value).padStart(2, '0');
    const name = DAYS[weekday([year, month, date])]!;
    this.#fields = {
      Y: String(year),
      y: two(year % 100),
      m: two(month),
      d: two(date),
      B: MONTHS[month - 1]!,
      b: MONTHS[month - 1]!.slice(0, 3),
      A: name,
      a: name.slice(0, 3),
      H: two(hour),
      I: two(hour % 12 || 12),
      M: '00',
      S: '00',
      p: hour < 12 ? 'AM' : 'PM',
      '%': '%',
    };
  }

  readonly now = (format: string): string => {
    const text = format.replace(/%-?([a-zA-Z%])/g, (_, field: string) => this.#fields[field] ?? '');
    this.outputs.push(text);
    return text;
  };
}

/** Times at which a template may behave differently: dates that it names, later dates, other hours of the day. */
export function daysToTry(tree: TemplateNode): ProbeTime[] {
  const days: ProbeTime[] = [
    [2026, 8, 15],
    [2031, 12, 27],
    ...[0, 3, 6, 9, 15, 18, 21, 23].map((hour): ProbeTime => [...PROBE_DAY, hour]),
  ];
  for (const { type, value } of nodesOf(tree)) {
    if (type !== 'StringLiteral' && type !== 'IntegerLiteral') continue;
    const found = /^\D{0,9}(20\d\d)(?:\D?([01]\d)(?:\D?([0-3]\d))?)?/.exec(String(value));
    if (!found) continue;
    const [year, month, date] = [Number(found[1]), Number(found[2] ?? 6), Number(found[3] ?? 15)];
    if (month < 1 || month > 12 || date < 1 || date > lengthOf(year, month)) continue;
    days.push([year, month, date], dayAfter([year, month, date]), [year + 1, 6, 15]);
    if (days.length >= MAX_DAYS) break;
  }
  return days;
}

const isLeap = (year: number): boolean => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
const lengthOf = (year: number, month: number): number =>
  month === 2 && isLeap(year) ? 29 : LENGTHS[month - 1]!;

function dayAfter([year, month, date]: Day): Day {
  if (date < lengthOf(year, month)) return [year, month, date + 1];
  return month === 12 ? [year + 1, 1, 1] : [year, month + 1, 1];
}

/** Day of the week; 0 is Sunday (Sakamoto's method). */
function weekday([year, month, date]: Day): number {
  const shifts = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4];
  const y = month < 3 ? year - 1 : year;
  return (y + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + shifts[month - 1]! + date) % 7;
}
