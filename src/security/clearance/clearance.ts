import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  Broadcast,
  check,
  decodeCanonical,
  encodeCanonical,
  type Logger,
  Mutex,
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

/**
 * Peer ids of the security nodes that a node trusts, or `none`: then nothing is checked, and the state of models says
 * so.
 */
export type Trust = readonly string[] | 'none';

/** How an attestation counts whose authority could not run the model: not at all (`pending`), or as a clearance. */
export type Unproven = 'pending' | 'cleared';

/**
 * State of a model on this node. `pending`: no trusted authority has cleared it. `unreported`: an authority has
 * cleared it, but the report that its attestation names has not been fetched, so the clearance cannot be verified
 * yet. `cleared`: at least one clearance with a verified report, and no quarantine. `quarantined`: some trusted
 * authority refuses it; this outweighs any clearance. `unchecked`: this node trusts no authorities and asks none. Any
 * new attestation, verified report or discredited attestation may change the state.
 */
export type ModelState = 'pending' | 'unreported' | 'cleared' | 'quarantined' | 'unchecked';

interface Held {
  readonly attestation: Attestation;
  readonly sealed: SealedAttestation;
}

/**
 * What this node knows about the safety of models: the newest attestation of each trusted authority about each
 * manifest, stored on disk so that it survives a restart. One quarantine outweighs any number of clearances.
 */
export class Clearance {
  readonly #trust: Trust;
  readonly unproven: Unproven;
  readonly #folder: string;
  readonly #log: Logger;
  readonly #held = new Map<string, Map<string, Held>>();
  readonly #discredited = new WeakSet<SealedAttestation>();
  /** Attestations confirmed by their reports. */
  readonly #reported = new WeakSet<SealedAttestation>();
  readonly #changes = new Broadcast<string>();
  readonly #writes = new Mutex();

  constructor(options: { trust: Trust; folder: string; unproven?: Unproven }, dependencies: { log: Logger }) {
    this.#trust = options.trust;
    this.unproven = options.unproven ?? 'pending';
    this.#folder = options.folder;
    this.#log = dependencies.log;
  }

  get trust(): Trust {
    return this.#trust;
  }

  /** Loads the attestations on disk. Skips those that are damaged or whose authority is no longer trusted. */
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
        this.#log.warn({ file: name, error: messageOf(error) }, 'attestation on disk is damaged: skipped');
      }
    }
  }

  /** Resolves when every accepted attestation is on disk. */
  async close(): Promise<void> {
    await this.#writes.idle();
  }

  /** Whether this node trusts the authority with this peer id. */
  trusts(authority: string): boolean {
    return this.#trust !== 'none' && this.#trust.includes(authority);
  }

  /** `id`: manifest id in hexadecimal. */
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
    return (verdict === 'unproven' ? this.unproven : verdict) === 'cleared';
  }

  /** Whether the model may be seeded to everyone and run for others. */
  allows(id: string): boolean {
    const state = this.stateOf(id);
    return state === 'cleared' || state === 'unchecked';
  }

  /** Authorities whose attestations clear a manifest: only they can withdraw the clearance. */
  clearedBy(id: string): string[] {
    const held = [...(this.#held.get(id)?.values() ?? [])];
    return held.flatMap(({ attestation, sealed }) =>
      this.#clears(attestation) && this.#reported.has(sealed) && !this.#discredited.has(sealed)
        ? [attestation.authority]
        : [],
    );
  }

  /** The newest attestation of each authority about a manifest. */
  about(id: string): Attestation[] {
    return [...(this.#held.get(id)?.values() ?? [])].map(({ attestation }) => attestation);
  }

  /** The same attestations in their signed encoding. */
  sealedAbout(id: string): SealedAttestation[] {
    return [...(this.#held.get(id)?.values() ?? [])].map(({ sealed }) => sealed);
  }

  /** Ids of the manifests with at least one attestation. */
  manifests(): string[] {
    return [...this.#held.keys()];
  }

  /**
   * Accepts an attestation from any source. Returns `ignore` if its authority is not trusted or it is not newer than
   * the one known. Throws what openAttestation() throws.
   */
  accept(sealed: SealedAttestation): Verdict {
    if (!this.trusts(sealed.authority)) return 'ignore';
    const attestation = openAttestation(sealed);
    const id = toHex(attestation.manifest);
    const known = this.#held.get(id)?.get(attestation.authority)?.attestation;
    if (known && !isNewer(attestation, known)) return 'ignore';
    if (attestation.time > Date.now() + CLOCK_SKEW_MS) return 'ignore';
    this.#keep({ attestation, sealed });
    void this.#writes.run(() => this.#write(id, sealed));
    this.#changes.publish(id);
    return 'accept';
  }

  /** Records that the report named by this attestation was verified and agrees with it. */
  confirm(attestation: Attestation): void {
    const held = this.#heldOf(attestation);
    if (!held || this.#reported.has(held.sealed)) return;
    this.#reported.add(held.sealed);
    this.#changes.publish(toHex(attestation.manifest));
  }

  /**
   * Stops counting this attestation as a clearance because its report contradicts it. A quarantine stands, so that
   * nobody can restore a model by discrediting the attestation against it.
   */
  discredit(attestation: Attestation): void {
    const held = this.#heldOf(attestation);
    if (!held || attestation.verdict === 'quarantined') return;
    this.#discredited.add(held.sealed);
    this.#changes.publish(toHex(attestation.manifest));
  }

  /** Calls back with a manifest's id whenever its state may have changed, until the returned function is called. */
  onChange(listener: (id: string) => void): () => void {
    return this.#changes.on(listener);
  }

  #keep(held: Held): void {
    const id = toHex(held.attestation.manifest);
    const ofModel = this.#held.get(id) ?? new Map<string, Held>();
    const before = ofModel.get(held.attestation.authority);
    // A cleared model stays cleared until the report of the newer attestation has been checked.
    if (before && this.#reported.has(before.sealed) && this.#clears(before.attestation))
      this.#reported.add(held.sealed);
    ofModel.set(held.attestation.authority, held);
    this.#held.set(id, ofModel);
  }

  /** Undefined for an attestation that is not the newest of its authority. */
  #heldOf(attestation: Attestation): Held | undefined {
    const held = this.#held.get(toHex(attestation.manifest))?.get(attestation.authority);
    return held?.attestation === attestation ? held : undefined;
  }

  async #write(id: string, sealed: SealedAttestation): Promise<void> {
    const path = join(this.#folder, `${id}.${sealed.authority}.attestation`);
    await writeFileAtomic(path, encodeCanonical(sealed)).catch((error: unknown) => {
      this.#log.error(
        { path, error: messageOf(error) },
        'cannot save the attestation: it will be requested again after a restart',
      );
    });
  }
}

const BEST_FIRST = ['cleared', 'unproven', 'quarantined'];

/** Of two attestations with the same time the worse one counts, so that the order of arrival does not matter. */
const isNewer = (a: Attestation, b: Attestation): boolean =>
  a.time > b.time || (a.time === b.time && BEST_FIRST.indexOf(a.verdict) > BEST_FIRST.indexOf(b.verdict));
