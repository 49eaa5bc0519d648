import type { JsonScalar } from '#formats';
import { checkMetadata } from '../code/metadata.ts';
import type { Inspection } from '../inspection.ts';

/** Maximum labels of a classifier: ten times as many as the largest published ones have. */
const MAX_LABELS = 1 << 18;

/** Counts the labels of a configuration, `id2label` and `label2id`, and compares them. */
export class Labels {
  readonly #inspection: Inspection;
  readonly #counts = { id2label: 0, label2id: 0 };
  #declared: number | undefined;

  constructor(inspection: Inspection) {
    this.#inspection = inspection;
  }

  /** Receives a scalar and its path. */
  scalar(path: readonly (string | number)[], value: JsonScalar, place: () => string): void {
    if (path.length === 1 && path[0] === 'num_labels' && typeof value === 'number') this.#declared = value;
    const map = path.at(-2);
    if (map !== 'id2label' && map !== 'label2id') return;
    this.#counts[map]++;
    // Labels are shown on pages.
    if (this.#counts[map] > MAX_LABELS) return;
    const label = map === 'id2label' ? value : path.at(-1);
    if (typeof label === 'string') checkMetadata(this.#inspection, place(), '', label);
  }

  finish(): void {
    const { id2label, label2id } = this.#counts;
    for (const [name, count] of Object.entries(this.#counts)) {
      if (count > MAX_LABELS) this.#inspection.report('resource-bomb', name, `${count} labels`);
    }
    if (id2label > 0 && label2id > 0 && id2label !== label2id)
      this.#inspection.report(
        'damaged',
        'label2id',
        `${label2id} labels where id2label has ${id2label}`,
        'low',
      );
    if (id2label > 0 && this.#declared !== undefined && this.#declared !== id2label)
      this.#inspection.report(
        'damaged',
        'num_labels',
        `${this.#declared} where id2label has ${id2label}`,
        'low',
      );
  }
}
