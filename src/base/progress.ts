/** Progress of a long step; `total` is 0 while it is unknown. */
export interface Progress {
  readonly step: string;
  readonly done: number;
  readonly total: number;
  readonly unit: 'bytes' | 'blocks' | 'pieces' | 'files' | 'outputs';
}

export type OnProgress = (progress: Progress) => void;
