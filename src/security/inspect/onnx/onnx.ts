import {
  callKey,
  type OnnxCalls,
  type OnnxExternal,
  type OnnxFunction,
  type OnnxNode,
  type OnnxTensor,
  readOnnx,
} from '#formats';
import { checkMetadata } from '../code/metadata.ts';
import type { Inspection } from '../inspection.ts';
import { isUnsafePath } from '../name/unsafe-name.ts';
import { unfold } from './inlining.ts';

/** Maximum tensors in other files: far more than any model has. */
const MAX_CLAIMS = 1 << 18;
/** Maximum depth of function calls. Runtimes inline functions recursively. */
const MAX_CALL_DEPTH = 256;
const MAX_FUNCTIONS = 1 << 16;
const ONNX_DOMAINS = new Set(['', 'ai.onnx']);

/** Inspects an ONNX model: every operator of every graph, every tensor, every file that it refers to. */
export async function inspectOnnx(inspection: Inspection): Promise<void> {
  const { source } = inspection.file;
  const checker = new OnnxChecker(inspection);
  const { onnxNodes, onnxDepth } = inspection.ruleset.limits;
  const { main } = await readOnnx(source, checker, { maxNodes: onnxNodes, maxDepth: onnxDepth });
  checker.finish(main);
}

class OnnxChecker {
  readonly #inspection: Inspection;
  readonly #allowed: ReadonlyMap<string, ReadonlySet<string>>;
  readonly #forbidden: ReadonlySet<string>;
  /** Operators that are not on the list, with the place of the first use. The model may define them itself. */
  readonly #unknown = new Map<string, string>();
  readonly #functions = new Set<string>();
  readonly #bodies = new Map<string, OnnxCalls>();
  #claimed = 0;

  constructor(inspection: Inspection) {
    const { operators, forbidden } = inspection.ruleset.onnx;
    this.#inspection = inspection;
    this.#allowed = new Map(Object.entries(operators).map(([domain, list]) => [domain, new Set(list)]));
    this.#forbidden = new Set(forbidden);
  }

  node({ domain: named, operator }: OnnxNode, place: string): void {
    const domain = ONNX_DOMAINS.has(named) ? '' : named;
    const full = `${domain}:${operator}`;
    if (this.#forbidden.has(full))
      this.#inspection.report('onnx-forbidden-operator', place, `the operator ${full}`);
    else if (
      !this.#allowed.get(domain)?.has(operator) &&
      !this.#unknown.has(full) &&
      this.#unknown.size < 256
    ) {
      this.#unknown.set(full, place);
    }
  }

  metadata(key: string, value: string, place: string): void {
    checkMetadata(this.#inspection, place, key, value);
  }

  endless(place: string): void {
    this.#inspection.report('resource-bomb', place, 'a loop that nothing ends');
  }

  function({ domain: named, name, overload, body }: OnnxFunction): void {
    const domain = ONNX_DOMAINS.has(named) ? '' : named;
    const full = `${domain}:${name}`;
    if (domain === '' && this.#allowed.get('')?.has(name)) {
      this.#inspection.report('onnx-shadowed-operator', 'functions', `its own ${name}`);
    }
    if (this.#functions.size < MAX_FUNCTIONS) this.#functions.add(full);
    else this.#inspection.report('resource-bomb', 'functions', `more than ${MAX_FUNCTIONS} functions`);
    this.#bodies.set(callKey(named, name, overload), body);
  }

  tensor({ problem, external, bytes }: OnnxTensor, place: string): void {
    if (problem !== undefined) this.#inspection.report('onnx-tensor', place, problem);
    if (external) this.#external(external, bytes, place);
  }

  #external(
    { location, offset, length, unknownKeys }: OnnxExternal,
    bytes: number | undefined,
    place: string,
  ): void {
    const { file, files, claims } = this.#inspection;
    if (location.startsWith('*/_ORT_MEM_ADDR_')) {
      this.#inspection.report('onnx-external-path', place, `the data is an address in memory: ${location}`);
      return;
    }
    const plain = location.startsWith('./') ? location.slice(2) : location;
    if (!/^[^\\/:*?"<>|]{1,255}$/.test(plain) || isUnsafePath(plain)) {
      this.#inspection.report('onnx-external-path', place, `the data is in ${JSON.stringify(location)}`);
      return;
    }
    if (unknownKeys.length > 0)
      this.#inspection.report('onnx-tensor', place, `external_data has ${unknownKeys[0]}`);
    const folder = file.path.slice(0, file.path.lastIndexOf('/') + 1);
    const target = files.get(folder + plain);
    const size = length ?? bytes ?? Number.NaN;
    if (
      !Number.isSafeInteger(offset) ||
      !Number.isSafeInteger(size) ||
      (bytes !== undefined && size !== bytes)
    ) {
      this.#inspection.report('onnx-external-bounds', place, `${size} bytes where the shape needs ${bytes}`);
    } else if (target?.linked)
      this.#inspection.report('onnx-external-path', place, `the data is in ${plain}, which is a link`);
    else if (!target)
      this.#inspection.report('onnx-external-missing', place.replace(/\[.*$/, ''), `the data is in ${plain}`);
    else if (target === file || offset + size > target.source.size) {
      this.#inspection.report('onnx-external-bounds', place, `bytes ${offset}+${size} are not in ${plain}`);
    } else if (++this.#claimed > MAX_CLAIMS) {
      this.#inspection.report('resource-bomb', '', `more than ${MAX_CLAIMS} tensors in other files`);
    } else {
      const ranges = claims.get(target.path) ?? [];
      claims.set(target.path, ranges);
      ranges.push({ offset, length: size });
    }
  }

  /** Reports unknown operators that the model does not define itself, and excessive inlining. */
  finish(main: OnnxCalls): void {
    const { onnxNodes } = this.#inspection.ruleset.limits;
    const { circle, nodes, depth } = unfold(this.#bodies, main);
    if (circle !== undefined)
      this.#inspection.report('resource-bomb', 'functions', `the function ${circle} calls itself`);
    else if (nodes > onnxNodes)
      this.#inspection.report('resource-bomb', 'functions', `the functions unfold to ${nodes} nodes`);
    else if (depth > MAX_CALL_DEPTH)
      this.#inspection.report('resource-bomb', 'functions', `functions call one another ${depth} deep`);
    for (const [full, place] of this.#unknown) {
      if (!this.#functions.has(full))
        this.#inspection.report('onnx-unknown-operator', place, `the operator ${full}`);
    }
  }
}
