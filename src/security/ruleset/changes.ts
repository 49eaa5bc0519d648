import { encodeCanonical, equalBytes, toHex } from '#base';
import type { FileReport, Report } from '../report.ts';
import { MAX_FINDINGS, SCANNER_VERSION } from '../report.ts';
import { RULE_IDS, type RuleId } from '../rule-ids.ts';
import type { RulesetFields } from './ruleset.ts';

/** A file that another version of the ruleset may judge differently, and the change responsible. */
export interface Affected {
  readonly path: string;
  readonly by: string;
}

type Touches = (file: FileReport) => boolean;
/** A difference between two rulesets, and a test for the files that it may affect. */
interface Change {
  readonly what: string;
  readonly touches: Touches;
}

const TEXTS = new Set(['text', 'yaml']);
/** Kinds of files that may contain a chat template. */
const TEMPLATES = new Set(['json', 'template', 'gguf', 'text', 'yaml']);
const IMAGES = new Set(['png', 'jpeg', 'gif', 'webp']);
/** Accepted kinds, which are not searched for archives. */
const PLAIN = new Set([
  ...TEXTS,
  ...TEMPLATES,
  ...IMAGES,
  ...['safetensors', 'onnx', 'onnx-data', 'numpy', 'pieces'],
]);

const all: Touches = () => true;
const ofKinds =
  (...kinds: string[]): Touches =>
  ({ kind }) =>
    kinds.includes(kind);
const inTemplates: Touches = ({ kind }) => TEMPLATES.has(kind);
/** Every binary file is also tried as a pickle, and JSON is searched for a hidden one. */
const inPickles: Touches = ({ kind }) => !TEXTS.has(kind) && kind !== 'template';
const inArchives: Touches = ({ kind }) => !PLAIN.has(kind);
/** Whether a report has one of these findings, or has omitted findings. */
const withFinding =
  (rules: RegExp, details?: readonly string[]): Touches =>
  ({ findings, omitted }) =>
    omitted > 0 ||
    findings.length === MAX_FINDINGS ||
    findings.some(
      ({ rule, detail }) =>
        rules.test(rule) &&
        (!details || detail.endsWith('...') || details.some((word) => detail.includes(word))),
    );

/** The files that each limit applies to. */
const LIMITS: Readonly<Record<keyof RulesetFields['limits'], Touches>> = {
  jsonBytes: inTemplates,
  textBytes: inTemplates,
  imageBytes: ({ kind }) => IMAGES.has(kind),
  pickleSteps: inPickles,
  pickleObjects: inPickles,
  archiveRatio: inArchives,
  archiveMembers: inArchives,
  nesting: inArchives,
  onnxNodes: ofKinds('onnx'),
  onnxDepth: ofKinds('onnx'),
  templateBytes: inTemplates,
  templateNodes: inTemplates,
  regexBytes: inTemplates,
};

/**
 * Lists the files of a report that a newer ruleset may judge differently. What is no longer allowed affects every
 * file that could contain it; what is newly allowed affects only files in which it was found. When in doubt a file is
 * affected. All files are affected if another version of the scanner made the report.
 */
export function affectedBy(before: RulesetFields, after: RulesetFields, report: Report): Affected[] {
  const found =
    report.scanner === SCANNER_VERSION ? changes(before, after) : [{ what: 'the scanner', touches: all }];
  return report.files.flatMap((file) => {
    const change = found.find(({ touches }) => touches(file));
    return change ? [{ path: file.path, by: change.what }] : [];
  });
}

function changes(before: RulesetFields, after: RulesetFields): Change[] {
  return [
    ...ruleChanges(before, after),
    ...limitChanges(before, after),
    ...advisoryChanges(before, after),
    ...listChanges('functions of pickles', {
      lists: [before.pickle.allowedGlobals, after.pickle.allowedGlobals],
      removed: () => inPickles,
      added: (names) => withFinding(/^(pickle|polyglot|numpy)/, names),
    }),
    ...listChanges('operators', {
      lists: [operatorsOf(before), operatorsOf(after)],
      removed: () => ofKinds('onnx'),
      added: () => withFinding(/^onnx-/),
    }),
    ...listChanges('forbidden operators', {
      lists: [before.onnx.forbidden, after.onnx.forbidden],
      removed: () => withFinding(/^onnx-/),
      added: () => ofKinds('onnx'),
    }),
    ...listChanges('added tokens', {
      lists: [before.tokenizer.ordinaryAddedTokens, after.tokenizer.ordinaryAddedTokens],
      removed: () => inTemplates,
      added: () => withFinding(/^tokenizer-/),
    }),
    ...(['filters', 'tests', 'functions', 'methods', 'known'] as const).flatMap((part) =>
      listChanges(`${part} of templates`, {
        lists: [before.template[part], after.template[part]],
        removed: () => inTemplates,
        added: () => withFinding(/^template-/),
      }),
    ),
    ...(same(before.template.families, after.template.families)
      ? []
      : [{ what: 'families of templates', touches: inTemplates }]),
  ];
}

function ruleChanges(before: RulesetFields, after: RulesetFields): Change[] {
  const changed = RULE_IDS.filter((id) => !same(before.rules[id], after.rules[id]));
  return changed.map((id: RuleId) => ({ what: `rule ${id}`, touches: withFinding(new RegExp(`^${id}$`)) }));
}

function limitChanges(before: RulesetFields, after: RulesetFields): Change[] {
  const names = Object.keys(LIMITS) as (keyof typeof LIMITS)[];
  return names
    .filter((name) => before.limits[name] !== after.limits[name])
    .map((name) => ({ what: `limit ${name}`, touches: LIMITS[name] }));
}

/** Advisories name files by hash, so they affect only those files. */
function advisoryChanges(before: RulesetFields, after: RulesetFields): Change[] {
  const named = (fields: RulesetFields) =>
    new Map(fields.advisories.map(({ sha256, name }) => [sha256, name]));
  const [old, fresh] = [named(before), named(after)];
  const differs = (hash: string) => old.get(hash) !== fresh.get(hash);
  return [
    {
      what: 'advisories',
      touches: ({ sha256 }) => differs(toHex(sha256)),
    },
  ];
}

function listChanges(
  what: string,
  {
    lists: [before, after],
    removed,
    added,
  }: {
    lists: readonly [readonly string[], readonly string[]];
    removed: (names: string[]) => Touches;
    added: (names: string[]) => Touches;
  },
): Change[] {
  const [old, fresh] = [new Set(before), new Set(after)];
  const gone = before.filter((name) => !fresh.has(name));
  const more = after.filter((name) => !old.has(name));
  return [
    ...(gone.length > 0 ? [{ what, touches: removed(gone) }] : []),
    ...(more.length > 0 ? [{ what, touches: added(more) }] : []),
  ];
}

const operatorsOf = ({ onnx }: RulesetFields): string[] =>
  Object.entries(onnx.operators).flatMap(([domain, names]) => names.map((name) => `${domain}:${name}`));

const same = (a: unknown, b: unknown): boolean => equalBytes(encodeCanonical(a), encodeCanonical(b));
