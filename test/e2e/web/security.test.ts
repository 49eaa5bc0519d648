/** The security page in a real browser, in front of a scripted node. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import type { FindingView, SecurityView } from '#node';
import { pageTests, requireAccessible } from '../../support/page-tests.ts';
import { attestation, MODEL, security } from '../../support/scripted-node.ts';

const tests = pageTests();

beforeEach(() => tests.open.page.getByRole('link', { name: 'Security' }).click());
afterEach(() => assert.deepEqual(tests.open.errors, []));

const pickle: FindingView = {
  source: 'scanner',
  rule: 'pickle-code',
  severity: 'critical',
  title: 'Runs code when it is loaded',
  why: 'The pickle calls a function that is not on the list of those that only rebuild data.',
  fix: 'Do not load it. Ask for a safetensors file instead.',
  file: 'weights/pytorch_model.bin',
  place: 'archive/data.pkl',
  detail: 'posix.system',
};

const examiner: NonNullable<SecurityView['examiner']> = {
  ruleset: { name: 'bitorch', version: 3, id: 'ab'.repeat(32) },
  newer: { name: 'bitorch', version: 4, nodeId: 'n4', from: 'spring' },
  rescan: { version: 3, touched: 5, done: 2, untouched: 7 },
  sandbox: { available: false, note: 'there is no sandbox for darwin yet, only for Linux' },
  queue: [
    {
      modelId: 'q1',
      name: 'Llama-3.2-1B',
      holders: 12,
      running: 3,
      reason: 'new rules',
      affected: 'advisories: model.safetensors',
      step: { name: 'scanning', done: 400_000_000, total: 1_300_000_000, unit: 'bytes' },
    },
    {
      modelId: 'q2',
      name: 'a1b2c3d4e5f6',
      holders: 1,
      running: 0,
      reason: 'failed before',
      problem: 'its holder is gone',
    },
  ],
  advisories: [{ sha256: 'cd'.repeat(32), name: 'Backdoored copy of a popular model' }],
};

const show = (view: SecurityView) => tests.server.node.emit({ type: 'security', security: view });

test('says who has cleared a model, and what was done', async () => {
  const { page } = tests.open;
  const model = page.getByRole('article', { name: MODEL.name });
  await model.getByText('Scanned and cleared by warden').waitFor();
  await model.getByText('Details').click();
  await model.getByText('ran for 2.40 s, 435 MB of memory').waitFor();
  await page.getByText('clamd does not run here: install and start clamav-daemon.').waitFor();
  await page.getByText('Nothing is in quarantine.', { exact: false }).waitFor();
  await page.getByText('Your computer does not scan models', { exact: false }).waitFor();
  await requireAccessible(tests.open.page, 'security-cleared');
});

test('shows the quarantine with finding, reason and fix, and what is examined next', async () => {
  const { page } = tests.open;
  const engine = {
    ...pickle,
    source: 'ClamAV',
    rule: 'Eicar',
    title: 'ClamAV detects this as malicious',
    severity: 'high' as const,
  };
  const bad = {
    modelId: 'ee'.repeat(32),
    name: 'totally-fine-7b',
    state: 'quarantined' as const,
    holders: 1,
  };
  const waiting = {
    modelId: 'ff'.repeat(32),
    name: 'brand-new-1b',
    state: 'pending' as const,
    holders: 1,
    attestations: [],
  };
  const word = attestation({ verdict: 'quarantined', findings: [pickle, engine] });
  const view = security();
  show({ ...view, models: [...view.models, { ...bad, attestations: [word] }, waiting], examiner });
  const quarantine = page.getByRole('region', { name: 'Quarantine' });
  await quarantine.getByText('Runs code when it is loaded').waitFor();
  assert.match(
    (await quarantine.textContent())!,
    /critical.*pytorch_model\.bin at archive\/data\.pkl: posix\.system.*What to do: Do not load it/,
  );
  await page.getByRole('article', { name: 'brand-new-1b' }).getByText('waiting').waitFor();
  const queue = page.getByRole('region', { name: 'Queue' });
  assert.match(
    (await queue.textContent())!,
    /version 3: 2 of 5 models re-examined, 7 unaffected.*Llama-3\.2-1B.*new rules, 12 holders, runs on 3.*advisories: model\.safetensors.*400 MB of 1\.3 GB.*its holder is gone/,
  );
  await page.getByText('there is no sandbox for darwin').waitFor();
  await page.getByText('spring has version 4', { exact: false }).waitFor();
  await page.getByRole('rowheader', { name: 'Backdoored copy of a popular model' }).waitFor();
  await requireAccessible(tests.open.page, 'security-quarantine');
});

test('shows the whole report that was signed, and when a word contradicts it', async () => {
  const { page } = tests.open;
  const finding = { rule: 'pickle-code', severity: 'critical' as const, place: '', detail: 'posix.system' };
  const file = { size: 1000, sha256: 'ab'.repeat(32), kind: 'pickle', findings: [finding], omitted: 2 };
  const word = attestation({
    check: { state: 'contradicts', problems: ['the attestation clears what its report refuses'] },
  });
  tests.server.node.reports.set(word.report, {
    hash: word.report,
    scanner: 1,
    ruleset: 'cd'.repeat(32),
    verdict: 'refused',
    files: [{ ...file, path: 'weights.bin' }],
  });
  const view = security();
  show({ ...view, models: [{ ...view.models[0]!, state: 'pending', attestations: [word] }] });
  const model = page.getByRole('article', { name: MODEL.name });
  await model.getByText('contradicts its own report', { exact: false }).waitFor();
  await model.getByText('Details').click();
  await model.getByText('the attestation clears what its report refuses').waitFor();
  await model.getByRole('button', { name: 'Show full report' }).click();
  await model.getByRole('rowheader', { name: 'weights.bin' }).waitFor();
  await model.getByText('pickle-code (critical), 2 more').waitFor();
  await requireAccessible(tests.open.page, 'security-report');
});

test('says plainly that nothing is checked, that nobody is trusted, that the security node is away', async () => {
  const { page } = tests.open;
  show({
    trust: 'none',
    models: [{ modelId: 'm', name: 'm', state: 'unchecked', holders: 0, attestations: [] }],
  });
  await page.getByText('Model checks are off.').waitFor();
  await page.getByText('not checked', { exact: true }).waitFor();
  await requireAccessible(tests.open.page, 'security-none');
  show({ trust: [], models: [] });
  await page.getByText('Your node trusts no security node').waitFor();
  await page.getByText('No model has been published on this network yet.').waitFor();
  show({ trust: [{ nodeId: 'n9', name: 'warden', online: false }], models: [] });
  await page.getByText('warden cannot be reached').waitFor();
});
