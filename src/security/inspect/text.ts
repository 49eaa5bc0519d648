import { decodeText } from '#formats';
import { codeReference } from './code/code-references.ts';
import { codeIn } from './code/metadata.ts';
import { findHiddenPickle } from './code/pickle.ts';
import { yamlPairs } from './code/yaml-pairs.ts';
import type { Inspection } from './inspection.ts';
import { baseName } from './name/kind-of-name.ts';
import { inspectTemplate } from './template/template.ts';

const CHUNK = 1 << 18;
const YAML_CODE =
  /!!?python(\/|:)|tag:yaml\.org,2002:python|!!?(javax?|ruby|perl|php|js)[/:.]|!<tag:yaml\.org,2002:(python|js)/i;

/** A tag directive (YAML 1.2 §6.8.2), which allows a tag's name to be split. */
const TAG_DIRECTIVE = /^%TAG\s[^\n]{0,200}/m;
/** Decodes percent escapes, which tags may contain (YAML 1.2 §5.6). */
const percentDecoded = (text: string): string =>
  text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

/** Files for human readers, in which older encodings are tolerated. */
const DOCUMENT =
  /^(readme|licen[cs]e|copying|notice|authors|changelog|contributing|citation)|\.(md|markdown|txt|rst|text|csv|tsv)$/i;

/** Inspects plain text: UTF-8 to the last byte, no binary data, nothing that another reader would run. */
export async function inspectText(inspection: Inspection): Promise<void> {
  const { source, path } = inspection.file;
  if (source.size > inspection.ruleset.limits.textBytes) {
    inspection.report('too-large', '', `${source.size} bytes of text`);
    return;
  }
  const survey = await surveyText(inspection);
  if (survey.nul || survey.controls * 100 > source.size) {
    inspection.report(
      'text-control',
      '',
      survey.nul ? 'it holds NUL bytes' : `${survey.controls} control characters`,
    );
  } else if (!survey.utf8) {
    if (DOCUMENT.test(baseName(path))) inspection.report('text-encoding', '', 'it is not UTF-8');
    else inspection.report('damaged', '', `${path} is not UTF-8`);
  }
  await findHiddenPickle(inspection, source, '');
}

/** Whitespace controls, and the escape and shift characters by which ISO 2022 switches alphabets. */
const HARMLESS = new Set([9, 10, 11, 12, 13, 14, 15, 27]);

interface Survey {
  utf8: boolean;
  nul: boolean;
  /** Number of control characters that do not belong in text. */
  controls: number;
}

async function surveyText({ file: { source } }: Inspection): Promise<Survey> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const survey = { utf8: true, nul: false, controls: 0 };
  const head = await source.read(0, Math.min(2, source.size));
  const little = head[0] === 0xff && head[1] === 0xfe;
  const wide = little || (head[0] === 0xfe && head[1] === 0xff);
  for (let at = 0; at < source.size; at += CHUNK) {
    const bytes = await source.read(at, Math.min(CHUNK, source.size - at));
    for (const character of wide ? halves(bytes, little) : bytes) {
      if (character === 0) survey.nul = true;
      else if (character < 32 && !HARMLESS.has(character)) survey.controls++;
    }
    if (survey.utf8) survey.utf8 = decodes(decoder, bytes, at + bytes.length < source.size);
  }
  return survey;
}

/** The code units of UTF-16, including an odd byte at the end. */
function* halves(bytes: Uint8Array, little: boolean): Generator<number> {
  for (let n = 0; n < bytes.length; n += 2) {
    const [first = 0, second = 0] = bytes.subarray(n, n + 2);
    yield little ? first + 256 * second : 256 * first + second;
  }
}

function decodes(decoder: TextDecoder, bytes: Uint8Array, stream: boolean): boolean {
  try {
    decoder.decode(bytes, { stream });
    return true;
  } catch {
    return false;
  }
}

/** A template of any kind that accesses Python's internals. */
const REACHING = /\{[{%][^}]{0,400}__(class|globals|subclasses|builtins|mro|import|init|base)__/i;

/** Inspects YAML, which some loaders let create objects, and templates in YAML or in files of their own. */
export async function inspectYaml(inspection: Inspection): Promise<void> {
  await inspectText(inspection);
  const { source, path } = inspection.file;
  for (let at = 0; at < source.size; at += CHUNK / 2) {
    const bytes = await source.read(at, Math.min(CHUNK, source.size - at));
    const text = Buffer.from(bytes).toString('latin1');
    const tag = YAML_CODE.exec(percentDecoded(text)) ?? TAG_DIRECTIVE.exec(text);
    if (tag) inspection.report('yaml-code', '', `the tag ${tag[0]}`);
    if (/\.ya?ml$/i.test(path)) {
      // Ultralytics evaluates the names and arguments of layers as Python (nn.tasks.parse_model).
      const code = /^backbone:/m.test(text) && /^head:/m.test(text) ? codeIn(text) : undefined;
      if (code !== undefined) inspection.report('yaml-code', '', code);
      for (const { path: keys, value } of yamlPairs(text)) {
        const reference = codeReference(keys, value);
        if (reference) inspection.report('remote-code', keys.at(-1)!, reference);
      }
    }
    const reaching = REACHING.exec(text);
    if (reaching) inspection.report('template-forbidden', '', reaching[0]);
  }
}

/** Inspects a template in a file of its own: a chat template, or one for another part of a prompt. */
export async function inspectTemplateFile(inspection: Inspection): Promise<void> {
  await inspectText(inspection);
  const { source, path } = inspection.file;
  if (source.size > inspection.ruleset.limits.templateBytes * 4) {
    inspection.report('template-unreadable', '', `${source.size} bytes`);
    return;
  }
  const text = decodeText(await source.read(0, source.size), path);
  await inspectTemplate(inspection, text, '', { chat: /chat.?template/i.test(path) });
}
