import type { OnProgress } from '#base';

export interface SourceFile {
  /** `/`-joined, relative to the source's directory. */
  path: string;
  /** Bytes. */
  size: number;
  sha256: Uint8Array;
}

/** A model's files on this machine, checked and ready to be published. */
export interface ModelSource {
  name: string;
  /** As the source states it, e.g. an SPDX identifier. */
  licence?: string;
  directory: string;
  files: SourceFile[];
}

export interface SourceOptions {
  /** Directory for what is fetched and for what is known of local files. */
  cache: string;
  onProgress?: OnProgress;
  signal?: AbortSignal;
  /** Another Hugging Face Hub than the public one. */
  hubUrl?: string;
  /** Of a Hub's repository take all files, to scan them, not only those of a model that can be run. */
  everything?: boolean;
  /** The command that is Python's package installer, e.g. ['python3', '-m', 'pip']; found when absent. */
  pip?: readonly string[];
}

/** What a source consists of before its files are hashed or cached. */
export interface SourceContent {
  name: string;
  licence?: string;
  /** Relative paths of the model's files. */
  paths: string[];
}
