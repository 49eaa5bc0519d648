import { BitorchError } from '#base';
import { JsonReader, type JsonScalar } from '#formats';
import { PositionedVisitor } from '../configuration/positioned-visitor.ts';
import type { Inspection } from '../inspection.ts';
import { codeReference } from './code-references.ts';
import { yamlPairs } from './yaml-pairs.ts';

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
  /(\$\(|`)\s*(curl|wget|nc|bash|sh|python3?|perl|powershell)\s+\S/i,
  /\|\s*((env|sudo)\s+(-\w+\s+\w+\s+)?)?(ba|z|da)?sh\b|\b(ba|z|da)?sh\s+-[ci]\b/i,
];
/** Parent paths that are disguised to pass a check for "../", or that descend before they ascend. */
const HIDDEN_WAY = /%(25)*2e%(25)*2e|\.\.%(25)*2f|[^./\s]\/\.\.\/\.\.\//i;

/** Maximum depth of JSON inside strings of JSON. */
const MAX_NESTING = 4;

/** Describes what JSON or YAML inside metadata would make a loader run; undefined if nothing. */
function referenceIn(text: string, depth = 0): string | undefined {
  if (text.length > MAX_INNER || depth > MAX_NESTING) return undefined;
  if (/^\s*[{[]/.test(text)) {
    const visitor = new References(depth);
    try {
      const reader = new JsonReader('metadata', visitor, { pythonNumbers: true });
      reader.write(Buffer.from(text));
      reader.end();
      return visitor.found;
    } catch (error) {
      if (!(error instanceof BitorchError)) throw error;
      if (visitor.found) return visitor.found;
    }
  }
  // A literal of Python reads like YAML in braces.
  for (const { path, value } of yamlPairs(text)) {
    const reference = codeReference(path, value);
    if (reference) return reference;
  }
  return undefined;
}

/** Finds the first code reference of a JSON document. */
class References extends PositionedVisitor {
  found: string | undefined;
  readonly #depth: number;

  constructor(depth: number) {
    super();
    this.#depth = depth;
  }

  protected override scalar(value: JsonScalar): void {
    this.found ??= codeReference(this.path, value);
    if (typeof value === 'string' && /^\s*[{[]/.test(value))
      this.found ??= referenceIn(value, this.#depth + 1);
  }
}

/** PyTorch's exporter stores the source lines that made a node under this key; nobody runs them. */
const STACK_TRACE = 'pkg.torch.onnx.stack_trace';

/** Checks an entry in the metadata of weights for code and references to code. */
export function checkMetadata(inspection: Inspection, place: string, key: string, value: string): void {
  const reference = codeReference([key], value) ?? referenceIn(value);
  if (reference) inspection.report('remote-code', place, reference);
  if (key === STACK_TRACE) return;
  const code = codeIn(`${key} ${value}`);
  if (code !== undefined) inspection.report('metadata-code', place, code);
}

/** The first part of a text that is code or markup, with what is around it; undefined if there is none. */
export function codeIn(text: string): string | undefined {
  for (const pattern of [...CODE, HIDDEN_WAY]) {
    const index = pattern.exec(text)?.index;
    if (index !== undefined) return text.slice(Math.max(0, index - 20), index + 120);
  }
  return undefined;
}
