import { check, domainHash, z, zCount } from '#base';
import { openSigned, SIGNATURE_BYTES, type SigningKey, sealSigned } from '#crypto';
import { rulesetInvalid } from '../errors.ts';
import { SEVERITIES } from '../report.ts';
import { RULE_IDS, type RuleId } from '../rule-ids.ts';

export const MAX_RULESET_BYTES = 4 << 20;
/** With the signer's key and signature. */
export const MAX_RULESET_FILE_BYTES = MAX_RULESET_BYTES + 32 + SIGNATURE_BYTES;
const PURPOSE = 'security-ruleset';

const words = z.array(z.string().min(1).max(256)).max(20_000);
/** "" where nothing stands before the first message. */
const marks = z.array(z.string().max(256)).min(1).max(64);
const hashes = z.array(z.string().regex(/^[0-9a-f]{64}$/)).max(100_000);

const ruleSchema = z.strictObject({
  severity: z.enum(SEVERITIES),
  /** A headline. */
  title: z.string().min(1).max(120),
  /** Why it matters. */
  why: z.string().min(1).max(600),
  /** What to do. */
  fix: z.string().min(1).max(600),
});
export type Rule = z.infer<typeof ruleSchema>;

const fieldsSchema = z.strictObject({
  format: z.literal(1),
  name: z.string().min(1).max(64),
  /** Grows with each edition; a node takes no older one. */
  version: z.number().int().min(1).max(0xffffffff),
  rules: z.strictObject(
    Object.fromEntries(RULE_IDS.map((id) => [id, ruleSchema])) as Record<RuleId, typeof ruleSchema>,
  ),
  limits: z.strictObject({
    /** Bytes of a JSON file, of a text file, of an image. */
    jsonBytes: zCount,
    textBytes: zCount,
    imageBytes: zCount,
    /** Steps of the pickle machine, and objects that it may hold. */
    pickleSteps: zCount,
    pickleObjects: zCount,
    /** Uncompressed ÷ compressed bytes of one archive member. */
    archiveRatio: zCount,
    archiveMembers: zCount,
    /** Archives inside of archives. */
    nesting: zCount,
    onnxNodes: zCount,
    onnxDepth: zCount,
    templateBytes: zCount,
    templateNodes: zCount,
    regexBytes: zCount,
  }),
  pickle: z.strictObject({
    /** `module.name` of callables that only rebuild data. */
    allowedGlobals: words,
  }),
  onnx: z.strictObject({
    /** Domain → operators; "" is ai.onnx. */
    operators: z.record(z.string().max(64), words),
    /** `domain:Operator` that run foreign code or read files. */
    forbidden: words,
  }),
  tokenizer: z.strictObject({
    /** Added tokens that are ordinary words in some well-known tokenizer. */
    ordinaryAddedTokens: words,
  }),
  template: z.strictObject({
    /** What a chat template may use; all else is refused. */
    filters: words,
    tests: words,
    functions: words,
    methods: words,
    /** SHA-256 of well-known templates, without white space at both ends. */
    known: hashes,
    /** How well-known families of models mark who speaks; the first whose claims are all in a prompt counts. */
    families: z
      .array(
        z.strictObject({
          name: z.string().min(1).max(64),
          claims: words,
          /** What may stand before a message of each role. */
          system: marks,
          user: marks,
          assistant: marks,
          /** Whether well-known templates of the family leave system messages out. */
          mayDropSystem: z.boolean(),
          /** Other texts of the family's prompts. */
          other: words,
          /** SHA-256 of its well-known templates' own words, without white space. */
          openings: hashes,
        }),
      )
      .max(256),
  }),
  /** Files that are known to be bad. */
  advisories: z.array(z.strictObject({ sha256: hashes.element, name: z.string().max(200) })).max(100_000),
});

/** What a ruleset says; docs/protocol/security-report.md is the normative text. */
export type RulesetFields = z.infer<typeof fieldsSchema>;

/** A ruleset whose signature was checked, with its id (32 bytes). */
export type Ruleset = RulesetFields & { readonly id: Uint8Array; readonly signer: Uint8Array };

/** Signs a ruleset: public key (32 bytes), signature, canonical CBOR. Throws SCHEMA_INVALID. */
export function signRuleset(fields: unknown, key: SigningKey): Uint8Array {
  const sealed = sealSigned(PURPOSE, check(fieldsSchema, fields, 'ruleset'), key);
  return Buffer.concat([key.publicKey, sealed]);
}

/**
 * Opens a signed ruleset if one of `trusted` (Ed25519 public keys) signed it. Throws RULESET_INVALID, SCHEMA_INVALID,
 * CODEC_INVALID or SIGNATURE_INVALID.
 */
export function openRuleset(file: Uint8Array, trusted: readonly Uint8Array[]): Ruleset {
  const signer = file.slice(0, 32);
  if (!trusted.some((key) => Buffer.compare(key, signer) === 0)) {
    throw rulesetInvalid('it is signed by nobody whom this node trusts');
  }
  const sealed = file.subarray(32);
  const fields = openSigned(PURPOSE, fieldsSchema, sealed, signer, MAX_RULESET_BYTES, { items: 1 << 20 });
  return { ...fields, id: rulesetId(sealed.subarray(SIGNATURE_BYTES)), signer };
}

/** The fields of a ruleset in readable form, unsigned: for people who write their own. Throws SCHEMA_INVALID. */
export function parseRulesetFields(fields: unknown): RulesetFields {
  return check(fieldsSchema, fields, 'ruleset');
}

/** Content address of a ruleset: a hash of its canonical CBOR, whoever signed it. */
export const rulesetId = (body: Uint8Array): Uint8Array => domainHash('security-ruleset-id', body);
