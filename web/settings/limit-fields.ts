import type { LimitsView } from '../../src/node/api/node-api.ts';

/** Limits as people type them. Empty: no limit. */
export interface LimitFields {
  /** GB. */
  disk: string;
  /** kB/s. */
  upload: string;
  download: string;
  /** HH:MM, local time. */
  from: string;
  to: string;
  battery: boolean;
}

const GB = 1e9;

export function fieldsOf({
  diskBytes,
  uploadRate,
  downloadRate,
  hours,
  pauseOnBattery,
}: LimitsView): LimitFields {
  const [from = '', to = ''] = hours?.split('-') ?? [];
  return {
    disk: diskBytes === null ? '' : String(Number((diskBytes / GB).toFixed(3))),
    upload: uploadRate === null ? '' : String(uploadRate),
    download: downloadRate === null ? '' : String(downloadRate),
    from,
    to,
    battery: pauseOnBattery,
  };
}

/** The limits that differ from those in force. Throws an Error that says what is wrong. */
export function changesIn(fields: LimitFields, limits: LimitsView): Partial<LimitsView> {
  const now = fieldsOf(limits);
  const differs = (...names: (keyof LimitFields)[]) => names.some((name) => fields[name] !== now[name]);
  return {
    ...(differs('disk') && { diskBytes: diskOf(fields.disk) }),
    ...(differs('upload') && { uploadRate: rateOf(fields.upload, 'Upload') }),
    ...(differs('download') && { downloadRate: rateOf(fields.download, 'Download') }),
    ...(differs('from', 'to') && { hours: hoursOf(fields) }),
    ...(differs('battery') && { pauseOnBattery: fields.battery }),
  };
}

function diskOf(text: string): number | null {
  const typed = text.trim().replace(',', '.');
  if (typed === '') return null;
  const bytes = Math.round(Number(typed) * GB);
  if (!/^\d{1,6}(\.\d{1,9})?$/.test(typed) || bytes === 0)
    throw new Error('Disk space must be a number of GB, such as 20, or empty for no limit.');
  return bytes;
}

function rateOf(text: string, name: string): number | null {
  const typed = text.trim();
  if (typed === '') return null;
  const rate = Number(typed);
  if (!/^\d{1,8}$/.test(typed) || rate < 16 || rate > 10_000_000)
    throw new Error(`${name} must be a whole number of kB/s from 16 on, such as 500, or empty for no limit.`);
  return rate;
}

function hoursOf({ from, to }: Pick<LimitFields, 'from' | 'to'>): string | null {
  if (from === '' && to === '') return null;
  if (from === '' || to === '') throw new Error('Give both times, or leave both empty for the whole day.');
  if (from === to) throw new Error('The two times are the same. Leave both empty for the whole day.');
  return `${from}-${to}`;
}
