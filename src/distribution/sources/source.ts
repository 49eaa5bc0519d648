import type { OnProgress } from '#base';

export interface SourceFile {
  /** `/`-joined, relative to the source's directory. */
  path: string;
  /** Bytes. */
  size: number;
  sha256: Uint8Array;
}

/** A model's verified files on this machine, ready to be published. */
export interface ModelSource {
  name: string;
  /** As stated by the source, for instance an SPDX identifier. */
  licence?: string;
  directory: string;
  files: SourceFile[];
}

export interface SourceOptions {
  /** Folder for fetched files and for the hashes of local files. */
  cache: string;
  onProgress?: OnProgress;
  signal?: AbortSignal;
  /** Base URL of another Hugging Face Hub than the public one. */
  hubUrl?: string;
  /** Fetch all files of a Hub repository, to scan them, instead of only those needed to run the model. */
  everything?: boolean;
  /** Command of Python's package installer, e.g. ['python3', '-m', 'pip']; searched for by default. */
  pip?: readonly string[];
}

/** The content of a source, before its files are hashed and cached. */
export interface SourceContent {
  name: string;
  licence?: string;
  /** Relative paths of the model's files. */
  paths: string[];
}
