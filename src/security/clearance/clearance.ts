import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  Broadcast,
  check,
  decodeCanonical,
  encodeCanonical,
  type Logger,
  messageOf,
  toHex,
  writeFileAtomic,
} from '#base';
import type { Verdict } from '#network';
import {
  type Attestation,
  openAttestation,
  type SealedAttestation,
  sealedAttestationSchema,
} from './attestation.ts';
import { CLOCK_SKEW_MS, MAX_ATTESTATION_BYTES } from './constants.ts';

/** Whom a node believes: security nodes by their peer ids, or `none`: then nothing is checked, and it says so. */
export type Trust = readonly string[] | 'none';

/** What a word says for a model that its authority could not run: nothing (`pending`), or as much as a clearance. */
export type Unproven = 'pending' | 'cleared';

/**
 * `unreported`: an authority says that it cleared the model, and the report that its word names is not here: nothing shows yet
 * what it has looked at. `unchecked`: this node trusts nobody's word and asks for none.
 */
export type ModelState = 'pending' | 'unreported' | 'cleared' | 'quarantined' | 'unchecked';

interface Held {
  readonly attestation: Attestation;
  readonly sealed: SealedAttestation;
}

/**
 * What this node knows of the models' safety: the newest attestation of each trusted authority about each manifest,
 * on disk, so that a restart forgets nothing. One bad word outweighs any number of good ones.
 */
export class Clearance {
  readonly #trust: Trust;
  readonly #unproven: Unproven;
  readonly #folder: string;
  readonly #log: Logger;
  readonly #held = new Map<string, Map<string, Held>>();
  readonly #discredited = new WeakSet<SealedAttestation>();
  /** Words whose reports bear them out. */
  readonly #reported = new WeakSet<SealedAttestation>();
  readonly #changes = new Broadcast<string>();
  #writing: Promise<void> = Promise.resolve();

  constructor(options: { trust: Trust; folder: string; unproven?: Unproven }, dependencies: { log: Logger }) {
    this.#trust = options.trust;
    this.#unproven = options.unproven ?? 'pending';
    this.#folder = options.folder;
    this.#log = dependencies.log;
  }

  get trust(): Trust {
    return this.#trust;
  }

  /** Reads what is on disk; what is damaged, or of somebody who is not trusted any more, is left alone. */
  async open(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    for (const name of await readdir(this.#folder)) {
      if (!name.endsWith('.attestation')) continue;
      try {
        const bytes = new Uint8Array(await readFile(join(this.#folder, name)));
        const sealed = check(
          sealedAttestationSchema,
          decodeCanonical(bytes, 2 * MAX_ATTESTATION_BYTES),
          name,
        );
        if (this.trusts(sealed.authority)) this.#keep({ sealed, attestation: openAttestation(sealed) });
      } catch (error) {
        this.#log.warn(
          { file: name, error: messageOf(error) },
          'attestation on disk is damaged and was left alone',
        );
      }
    }
  }

  /** Resolves when everything that was accepted is on disk. */
  async close(): Promise<void> {
    await this.#writing;
  }

  trusts(authority: string): boolean {
    return this.#trust !== 'none' && this.#trust.includes(authority);
  }

  /** `id`: of a manifest, hexadecimal. */
  stateOf(id: string): ModelState {
    if (this.#trust === 'none') return 'unchecked';
    const held = [...(this.#held.get(id)?.values() ?? [])].filter(
      ({ sealed }) => !this.#discredited.has(sealed),
    );
    if (held.some(({ attestation }) => attestation.verdict === 'quarantined')) return 'quarantined';
    const clearing = held.filter(({ attestation }) => this.#clears(attestation));
    if (clearing.length === 0) return 'pending';
    return clearing.some(({ sealed }) => this.#reported.has(sealed)) ? 'cleared' : 'unreported';
  }

  #clears({ verdict }: Attestation): boolean {
    return (verdict === 'unproven' ? this.#unproven : verdict) === 'cleared';
  }

  /** Whether the model may be seeded to everybody and run for others. */
  allows(id: string): boolean {
    const state = this.stateOf(id);
    return state === 'cleared' || state === 'unchecked';
  }

  /** The authorities whose words clear a manifest: they alone can take that back. */
  clearedBy(id: string): string[] {
    const held = [...(this.#held.get(id)?.values() ?? [])];
    return held.flatMap(({ attestation, sealed }) =>
      this.#clears(attestation) && this.#reported.has(sealed) && !this.#discredited.has(sealed)
        ? [attestation.authority]
        : [],
    );
  }

  /** The newest word of each authority about a manifest. */
  about(id: string): Attestation[] {
    return [...(this.#held.get(id)?.values() ?? [])].map(({ attestation }) => attestation);
  }

  /** The same, as it is passed on. */
  sealedAbout(id: string): SealedAttestation[] {
    return [...(this.#held.get(id)?.values() ?? [])].map(({ sealed }) => sealed);
  }

  /** Ids of the manifests that somebody has spoken about. */
  manifests(): string[] {
    return [...this.#held.keys()];
  }

  /** Takes an attestation of anybody. Throws what openAttestation() throws; `ignore`: not trusted, or old news. */
  accept(sealed: SealedAttestation): Verdict {
    if (!this.trusts(sealed.authority)) return 'ignore';
    const attestation = openAttestation(sealed);
    const id = toHex(attestation.manifest);
    const known = this.#held.get(id)?.get(attestation.authority)?.attestation;
    if (known && !isNewer(attestation, known)) return 'ignore';
    if (attestation.time > Date.now() + CLOCK_SKEW_MS) return 'ignore';
    this.#keep({ attestation, sealed });
    this.#writing = this.#writing.then(() => this.#write(id, sealed));
    this.#changes.publish(id);
    return 'accept';
  }

  /** The report that this word names is here, and says the same. */
  confirm(attestation: Attestation): void {
    const held = this.#heldOf(attestation);
    if (!held || this.#reported.has(held.sealed)) return;
    this.#reported.add(held.sealed);
    this.#changes.publish(toHex(attestation.manifest));
  }

  /**
   * Counts this word no more as a clearance: its report says something else. A word against a model stands, so that
   * nobody can bring a model back by breaking what was said of it.
   */
  discredit(attestation: Attestation): void {
    const held = this.#heldOf(attestation);
    if (!held || attestation.verdict === 'quarantined') return;
    this.#discredited.add(held.sealed);
    this.#changes.publish(toHex(attestation.manifest));
  }

  /** Calls back with the manifest's id whenever something new is known of one, until the returned function is called. */
  onChange(listener: (id: string) => void): () => void {
    return this.#changes.on(listener);
  }

  #keep(held: Held): void {
    const id = toHex(held.attestation.manifest);
    const ofModel = this.#held.get(id) ?? new Map<string, Held>();
    const before = ofModel.get(held.attestation.authority);
    // A model that was cleared stays so until the report of the newer word is here.
    if (before && this.#reported.has(before.sealed) && this.#clears(before.attestation))
      this.#reported.add(held.sealed);
    ofModel.set(held.attestation.authority, held);
    this.#held.set(id, ofModel);
  }

  /** Undefined for a word that is not the newest of its authority. */
  #heldOf(attestation: Attestation): Held | undefined {
    const held = this.#held.get(toHex(attestation.manifest))?.get(attestation.authority);
    return held?.attestation === attestation ? held : undefined;
  }

  async #write(id: string, sealed: SealedAttestation): Promise<void> {
    const path = join(this.#folder, `${id}.${sealed.authority}.attestation`);
    await writeFileAtomic(path, encodeCanonical(sealed)).catch((error: unknown) => {
      this.#log.error(
        { path, error: messageOf(error) },
        'attestation not saved: a restart will ask for it again',
      );
    });
  }
}

const FROM_THE_BEST = ['cleared', 'unproven', 'quarantined'];

/** Of two words of one moment the worse one counts, so that the order of arrival never matters. */
const isNewer = (a: Attestation, b: Attestation): boolean =>
  a.time > b.time ||
  (a.time === b.time && FROM_THE_BEST.indexOf(a.verdict) > FROM_THE_BEST.indexOf(b.verdict));
