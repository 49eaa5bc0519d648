import { check, domainHash, z, zCount } from '#base';
import { openSigned, SIGNATURE_BYTES, type SigningKey, sealSigned } from '#crypto';
import { rulesetInvalid } from '../errors.ts';
import { SEVERITIES } from '../report.ts';
import { RULE_IDS, type RuleId } from '../rule-ids.ts';

const MAX_RULESET_BYTES = 4 << 20;
/** Including the signer's key and signature. */
export const MAX_RULESET_FILE_BYTES = MAX_RULESET_BYTES + 32 + SIGNATURE_BYTES;
const PURPOSE = 'security-ruleset';

const words = z.array(z.string().min(1).max(256)).max(20_000);
/** "" if nothing precedes the first message. */
const marks = z.array(z.string().max(256)).min(1).max(64);
const hashes = z.array(z.string().regex(/^[0-9a-f]{64}$/)).max(100_000);

const ruleSchema = z.strictObject({
  severity: z.enum(SEVERITIES),
  /** Headline. */
  title: z.string().min(1).max(120),
  /** Why it matters. */
  why: z.string().min(1).max(600),
  /** What to do. */
  fix: z.string().min(1).max(600),
});

const fieldsSchema = z.strictObject({
  format: z.literal(1),
  name: z.string().min(1).max(64),
  /** Increases with each edition; a node never goes back to an older one. */
  version: z.number().int().min(1).max(0xffffffff),
  rules: z.strictObject(
    Object.fromEntries(RULE_IDS.map((id) => [id, ruleSchema])) as Record<RuleId, typeof ruleSchema>,
  ),
  limits: z.strictObject({
    /** Maximum bytes of a JSON file, of a text file, of an image. */
    jsonBytes: zCount,
    textBytes: zCount,
    imageBytes: zCount,
    /** Maximum steps of the pickle machine and objects that it may hold. */
    pickleSteps: zCount,
    pickleObjects: zCount,
    /** Maximum ratio of uncompressed to compressed bytes of an archive member. */
    archiveRatio: zCount,
    archiveMembers: zCount,
    /** Maximum depth of archives within archives. */
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
    /** `domain:Operator` of operators that run foreign code or read files. */
    forbidden: words,
  }),
  tokenizer: z.strictObject({
    /** Added tokens that are ordinary words in some well-known tokenizer. */
    ordinaryAddedTokens: words,
  }),
  template: z.strictObject({
    /** What a chat template may use; everything else is refused. */
    filters: words,
    tests: words,
    functions: words,
    methods: words,
    /** SHA-256 of well-known templates, without leading and trailing white space. */
    known: hashes,
    /**
     * How well-known model families mark the speaker. A prompt belongs to the first family whose claims it all
     * contains.
     */
    families: z
      .array(
        z.strictObject({
          name: z.string().min(1).max(64),
          claims: words,
          /** Texts that may precede a message of each role. */
          system: marks,
          user: marks,
          assistant: marks,
          /** Whether well-known templates of the family omit system messages. */
          mayDropSystem: z.boolean(),
          /** Other texts of the family's prompts. */
          other: words,
          /** SHA-256 of the fixed texts of its well-known templates, without white space. */
          openings: hashes,
        }),
      )
      .max(256),
  }),
  /** Files known to be malicious. */
  advisories: z.array(z.strictObject({ sha256: hashes.element, name: z.string().max(200) })).max(100_000),
});

/** Content of a ruleset; docs/protocol/security-report.md is normative. */
export type RulesetFields = z.infer<typeof fieldsSchema>;

/** A ruleset with a verified signature, and its id (32 bytes). */
export type Ruleset = RulesetFields & { readonly id: Uint8Array; readonly signer: Uint8Array };

/** Signs a ruleset: public key (32 bytes), signature, canonical CBOR. Throws SCHEMA_INVALID. */
export function signRuleset(fields: unknown, key: SigningKey): Uint8Array {
  const sealed = sealSigned(PURPOSE, check(fieldsSchema, fields, 'ruleset'), key);
  return Buffer.concat([key.publicKey, sealed]);
}

/**
 * Opens a ruleset signed by one of `trusted` (Ed25519 public keys). Throws RULESET_INVALID, SCHEMA_INVALID,
 * CODEC_INVALID or SIGNATURE_INVALID.
 */
export function openRuleset(file: Uint8Array, trusted: readonly Uint8Array[]): Ruleset {
  const signer = file.slice(0, 32);
  if (!trusted.some((key) => Buffer.compare(key, signer) === 0)) {
    throw rulesetInvalid('its signer is not trusted by this node');
  }
  const sealed = file.subarray(32);
  const fields = openSigned(PURPOSE, fieldsSchema, sealed, signer, MAX_RULESET_BYTES, { items: 1 << 20 });
  return { ...fields, id: rulesetId(sealed.subarray(SIGNATURE_BYTES)), signer };
}

/** Validates the unsigned fields of a ruleset in readable form, for authors of rulesets. Throws SCHEMA_INVALID. */
export function parseRulesetFields(fields: unknown): RulesetFields {
  return check(fieldsSchema, fields, 'ruleset');
}

/** Content address of a ruleset: hash of its canonical CBOR, independent of the signer. */
export const rulesetId = (body: Uint8Array): Uint8Array => domainHash('security-ruleset-id', body);
