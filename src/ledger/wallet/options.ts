import type { Curve } from '#crypto';

export interface WalletOptions {
  readonly curve: Curve;
}

export interface NewWalletOptions extends WalletOptions {
  /** Absent: that of the first node that the wallet scans with. */
  readonly network?: Uint8Array;
  /** Outputs of earlier blocks are not looked at. */
  readonly restoreHeight?: number;
}

/** In outputs. */
export interface ScanProgress {
  readonly done: number;
  readonly total: number;
}

export interface ScanOptions {
  readonly onProgress?: (progress: ScanProgress) => void;
  readonly signal?: AbortSignal;
}
