import type { KnownNode } from '../peers/directory.ts';
import { idOfHolding } from '../peers/holdings.ts';

/** Explains why a node has no model to work with yet, and what its owner can do. */
export function whatIsMissing(
  { model, bootstrap }: { readonly model?: string | undefined; readonly bootstrap: readonly string[] },
  others: readonly KnownNode[],
): string {
  if (others.length === 0) {
    const joined = bootstrap.length > 0 ? 'none of its --bootstrap nodes answers yet' : 'give --bootstrap';
    return `this node knows no other node (${joined})`;
  }
  const offered = others.filter(({ holdings }) =>
    holdings.some((holding) => !model || idOfHolding(holding) === model),
  );
  const known = `${others.length} other ${others.length === 1 ? 'node is' : 'nodes are'} known`;
  const wanted = model ? `model ${model.slice(0, 12)}…` : 'a model';
  if (offered.length === 0) return `${known}, but none offers ${wanted}`;
  return `${wanted} is offered, but no security node that this node trusts has cleared it yet, with a report that can be fetched`;
}

/** Calls `tell` only when the text has changed. */
export function changes(tell: (text: string) => void): (text: string) => void {
  let last: string | undefined;
  return (text) => {
    if (text !== last) tell(text);
    last = text;
  };
}
