import { type LogFile, openLogFile } from '../../../src/consensus/journal/record-log.ts';

/** A disk with room for so many more bytes; a write beyond it stores what fits and fails, as real ones do. */
export class SmallDisk {
  room: number;

  constructor(room: number) {
    this.room = room;
  }

  readonly open = (path: string): LogFile => {
    const file = openLogFile(path);
    return {
      ...file,
      write: (bytes, position) => {
        if (this.room === 0) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
        const written = file.write(bytes.subarray(0, this.room), position);
        this.room -= written;
        return written;
      },
    };
  };
}
