import { BitorchError } from '#base';
import { JsonReader, type JsonScalar } from '#formats';
import { PositionedVisitor } from '../configuration/positioned-visitor.ts';
import type { Inspection } from '../inspection.ts';
import { codeReference } from './code-references.ts';

/** Maximum characters of JSON inside metadata that are parsed. */
const MAX_INNER = 1 << 22;

/** Code for a browser, Python or a shell; weights need none. */
const CODE: readonly RegExp[] = [
  /<script\b|<iframe\b|<meta\b[^>]{0,200}http-equiv|<(object|embed|svg)\b[^>]{0,200}\b(data|src|on\w+)\s*=|javascript:|data:text\/html|\bon(error|load)\s*=|\bwindow\.fetch\s*\(/i,
  /\b(os\.(system|popen|remove|unlink|exec[lv]p?e?)|shutil\.(rmtree|move)|importlib\.\w+|ctypes\.\w+|getattr|subprocess\.\w+|pickle\.loads|marshal\.loads|__import__|eval|exec|compile)\s*\(/i,
  /__(class|globals|subclasses|builtins|mro|import)__/i,
  /\b(requests|httpx|urllib\.request)\.\w+\s*\(|\burl(open|retrieve)\s*\(|\b(from|import)\s+(requests|httpx|urllib|subprocess)\b/,
  /\brm(?=[\s$])[^\n]{0,80}?[\s}]-[a-z]*[rf][a-z]*\b|\bchmod\s+[0-7+]|\bpowershell\b|\/dev\/tcp\//,
  /\b(curl|wget)(\s|\$\{?IFS\}?)+(["'$-]|https?:)|\b(fetch|irm|iwr|invoke-(restmethod|webrequest))\s+(-|https?:)/i,
  /\|\s*((env|sudo)\s+(-\w+\s+\w+\s+)?)?(ba|z|da)?sh\b|\b(ba|z|da)?sh\s+-[ci]\b/i,
];
/** Parent paths that are disguised to pass a check for "../", or that descend before they ascend. */
const HIDDEN_WAY = /%(25)*2e%(25)*2e|\.\.%(25)*2f|[^./\s]\/\.\.\/\.\.\//i;

/** Describes what JSON inside metadata would make a loader run; undefined if nothing. */
function referenceIn(text: string): string | undefined {
  if (!/^\s*[{[]/.test(text) || text.length > MAX_INNER) return undefined;
  let found: string | undefined;
  const visitor = new (class extends PositionedVisitor {
    protected override scalar(value: JsonScalar): void {
      found ??= codeReference(this.path, value);
    }
  })();
  try {
    const reader = new JsonReader('metadata', visitor, { pythonNumbers: true });
    reader.write(Buffer.from(text));
    reader.end();
  } catch (error) {
    if (!(error instanceof BitorchError)) throw error;
  }
  return found;
}

/**
 * Checks a text in the metadata of weights for code and references to code. `text`: the value, or key and value
 * separated by a space.
 */
export function checkMetadata(inspection: Inspection, place: string, text: string): void {
  const reference = referenceIn(text.slice(text.indexOf(' ') + 1));
  if (reference) inspection.report('remote-code', place, reference);
  for (const pattern of [...CODE, HIDDEN_WAY]) {
    const found = pattern.exec(text);
    if (!found) continue;
    const { index } = found;
    inspection.report('metadata-code', place, text.slice(Math.max(0, index - 20), index + 120));
    return;
  }
}
