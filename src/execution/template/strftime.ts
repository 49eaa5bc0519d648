const MONTHS = 'January February March April May June July August September October November December'.split(
  ' ',
);
const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');

/** Formats a date in local time like Python's strftime in the C locale, for the fields that chat templates use. */
export function strftime(date: Date, format: string): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const hours = date.getHours();
  const fields: Readonly<Record<string, string>> = {
    Y: String(date.getFullYear()),
    y: two(date.getFullYear() % 100),
    m: two(date.getMonth() + 1),
    d: two(date.getDate()),
    B: MONTHS[date.getMonth()]!,
    b: MONTHS[date.getMonth()]!.slice(0, 3),
    A: DAYS[date.getDay()]!,
    a: DAYS[date.getDay()]!.slice(0, 3),
    H: two(hours),
    I: two(hours % 12 || 12),
    M: two(date.getMinutes()),
    S: two(date.getSeconds()),
    p: hours < 12 ? 'AM' : 'PM',
    '%': '%',
  };
  return format.replace(/%(-?)([a-zA-Z%])/g, (token, bare: string, field: string) => {
    const text = fields[field] ?? token;
    return bare ? text.replace(/^0(?=\d)/, '') : text;
  });
}
