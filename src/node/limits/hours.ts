/** Whether a time of day lies in `hours`, such as `22:00-07:00`: from the first time, inclusive, to the second. Equal times mean always. */
export function isWithin(hours: string, time: Date): boolean {
  const [from, to] = hours.split('-').map(minutesOf) as [number, number];
  const now = time.getHours() * 60 + time.getMinutes();
  if (from === to) return true;
  return from < to ? now >= from && now < to : now >= from || now < to;
}

function minutesOf(time: string): number {
  const [hour, minute] = time.split(':').map(Number) as [number, number];
  return hour * 60 + minute;
}
