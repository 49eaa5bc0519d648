import type { Curve } from '#crypto';

export interface WalletOptions {
  readonly curve: Curve;
}

export interface NewWalletOptions extends WalletOptions {
  /** Network identifier, 4 bytes. Default: that of the first chain that the wallet scans. */
  readonly network?: Uint8Array;
  /** Height at which scanning starts; outputs of earlier blocks are skipped. */
  readonly restoreHeight?: number;
}

/** Progress of a scan, in outputs. */
export interface ScanProgress {
  readonly done: number;
  readonly total: number;
}

export interface ScanOptions {
  readonly onProgress?: (progress: ScanProgress) => void;
  readonly signal?: AbortSignal;
}
