/** Whether no value is infinite or not a number; a loop without calls, for rows as long as a vocabulary. */
export function allFinite(x: Float32Array): boolean {
  let probe = 0;
  for (let i = 0; i < x.length; i++) probe += x[i]! * 0;
  return probe === 0;
}
