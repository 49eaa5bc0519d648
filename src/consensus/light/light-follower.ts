import type { Logger } from '#base';
import { defaultCurve } from '#crypto';
import type { Host } from '#network';
import { firstValidators, type Genesis, parseGenesis } from '../application/index.ts';
import { readGenesis } from '../genesis-file.ts';
import type { LightChain } from './light-chain.ts';
import { openLightChain } from './open.ts';
import { parseCheckpoint } from './trust.ts';

export interface LightFollowerOptions {
  /** Folder for what is trusted. */
  readonly home: string;
  /** Path of the genesis file. */
  readonly genesis: string;
  /** Multiaddrs of nodes of the chain to ask. */
  readonly contacts: readonly string[];
  /** HEIGHT:ID of a block that somebody vouches for. */
  readonly trust?: string | undefined;
}

/** A network's chain by its headers: the same for a node and for a command. Opens a chain for each wallet that asks. */
export class LightFollower {
  readonly genesis: Genesis;
  readonly #options: LightFollowerOptions;
  readonly #file: Uint8Array;
  readonly #deps: { readonly host: Host; readonly log: Logger };

  private constructor(
    parts: { genesis: Genesis; file: Uint8Array; options: LightFollowerOptions },
    dependencies: { host: Host; log: Logger },
  ) {
    this.genesis = parts.genesis;
    this.#file = parts.file;
    this.#options = parts.options;
    this.#deps = dependencies;
  }

  /** Throws GENESIS_MISSING, GENESIS_INVALID. */
  static async of(
    options: LightFollowerOptions,
    dependencies: { host: Host; log: Logger },
  ): Promise<LightFollower> {
    const file = await readGenesis(options.genesis);
    return new LightFollower({ genesis: parseGenesis(file, defaultCurve()), file, options }, dependencies);
  }

  /** Throws OPTION_INVALID, and what `openLightChain` throws. */
  open(): Promise<LightChain> {
    const { home, contacts, trust } = this.#options;
    const checkpoint = trust === undefined ? undefined : parseCheckpoint(trust);
    return openLightChain(
      { genesis: this.genesis, home, contacts, checkpoint },
      { ...this.#deps, firstValidators: () => firstValidators(this.#file) },
    );
  }
}
