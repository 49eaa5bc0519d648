/**
 * SentencePiece's BPE stores a score for each token instead of a list of merges: of all adjacent pairs that form
 * a token, the one with the highest score is merged first. The list that does the same: every way to cut a token
 * into two tokens, best score first (as transformers' SentencePiece converter has it).
 */
export function mergesFromScores(
  tokens: readonly string[],
  scores: readonly number[],
  ids: ReadonlyMap<string, number>,
): [string, string][] {
  const merges: { pair: [string, string]; score: number }[] = [];
  for (const [index, token] of tokens.entries()) {
    for (const pair of cuts(token, ids)) merges.push({ pair, score: scores[index]! });
  }
  // The sort is stable: pairs of one token stay in their order.
  return merges.sort((a, b) => b.score - a.score).map(({ pair }) => pair);
}

/** Longest token that is looked at: cutting is quadratic in it, and real ones have up to 48 characters. */
const MAX_TOKEN = 256;

function cuts(token: string, ids: ReadonlyMap<string, number>): [string, string][] {
  const found: [string, string][] = [];
  if (token.length > MAX_TOKEN) return found;
  for (let at = 1; at < token.length; at++) {
    const left = token.slice(0, at);
    const right = token.slice(at);
    if (ids.has(left) && ids.has(right)) found.push([left, right]);
  }
  const rank = ([left, right]: [string, string]) => [ids.get(left)!, ids.get(right)!] as const;
  return found.sort((a, b) => rank(a)[0] - rank(b)[0] || rank(a)[1] - rank(b)[1]);
}
