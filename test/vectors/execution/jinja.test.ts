import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { codeOf } from '#base';
import { parseTemplate, renderTemplate } from '#execution';
import { strftime } from '../../../src/execution/template/index.ts';

interface Fixture {
  oracle: string;
  values: Record<string, unknown>;
  equal: [template: string, text: string][];
  /** null where jinja2 refuses, or writes where something lies in memory. */
  sample: [template: string, text: string | null][];
}

const { oracle, values, equal, sample }: Fixture = JSON.parse(
  readFileSync(new URL('../hf/jinja-expressions.json', import.meta.url), 'utf8'),
);
const LIMITS = { maxSteps: 10_000, maxText: 1 << 20, maxWork: 1 << 24 };
const NOW = new Date(2026, 7, 5, 9, 4, 7);

const render = (template: string): string =>
  renderTemplate(parseTemplate(template), values, LIMITS, (format) => strftime(NOW, format));

test(`templates render as ${oracle} renders them`, () => {
  for (const [template, text] of equal) assert.equal(render(template), text, template);
});

test(`values under operators, filters, tests and methods are what they are in ${oracle}, or refused`, () => {
  let needless = 0;
  for (const [template, text] of sample) {
    const rendered = attempt(template);
    if (rendered !== undefined) assert.equal(rendered, text, template);
    else if (text !== null) needless++;
  }
  assert.ok(needless < sample.length / 20, `${needless} of ${sample.length} are refused without need`);
});

/** Undefined where the interpreter refuses. */
function attempt(template: string): string | undefined {
  try {
    return render(template);
  } catch (error) {
    assert.equal(codeOf(error), 'TEMPLATE_REFUSES', template);
    return undefined;
  }
}
