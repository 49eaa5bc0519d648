/** The page in a real browser, in front of a scripted node. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BitorchError } from '#base';
import { openPage } from '../../support/page.ts';
import { TOKEN } from '../../support/page-server.ts';
import {
  DESKTOP,
  PHONE,
  pageTests,
  requireAccessible,
  requireAccessibleNow,
  TABLET,
} from '../../support/page-tests.ts';
import { failedAudit, HOPS, MODEL, passedAudit, saying } from '../../support/scripted-node.ts';

const HTTP_ERROR = /Failed to load resource|net::ERR/;

const tests = pageTests();

/** An answer that says `texts` and then waits to be cancelled; `begun` when the last text was sent. */
function endless(texts: string[]) {
  const begun = Promise.withResolvers<void>();
  const cancelled = Promise.withResolvers<void>();
  tests.server.node.answer = async function* (_, signal) {
    signal.addEventListener('abort', () => cancelled.resolve());
    yield { type: 'route', answerId: 'a7', model: MODEL.id, hops: HOPS, context: MODEL.context };
    for (const text of texts) yield { type: 'token', text };
    begun.resolve();
    await cancelled.promise;
  };
  return { begun: begun.promise, cancelled: cancelled.promise };
}

const noErrors = () => assert.deepEqual(tests.open.errors, []);

test('the link of the terminal opens the page, leaves no token behind, and the cookie outlives it', async () => {
  const { page } = tests.open;
  await page.getByRole('heading', { name: 'Ask the network' }).waitFor();
  assert.equal(new URL(page.url()).hash, '');
  assert.equal(await page.title(), 'Chat · Bitorch');
  assert.equal(await page.evaluate('document.cookie'), '');
  assert.equal(await page.evaluate('crossOriginIsolated'), true);
  await page.reload();
  await page.getByText('3 computers', { exact: true }).waitFor();
  noErrors();
});

test('a browser without a session is asked for the token', async () => {
  const stranger = await openPage(tests.browser, tests.server.url);
  const { page } = stranger;
  await page.getByLabel('API token').fill('wrong');
  await page.getByRole('button', { name: 'Open' }).click();
  await page.getByRole('alert').getByText('not the token').waitFor();
  await page.getByLabel('API token').fill(TOKEN);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Ask the network' }).waitFor();
  assert.deepEqual(
    stranger.errors.filter((error) => !HTTP_ERROR.test(error)),
    [],
  );
  await stranger.close();
});

test('streams a formatted answer with its route and its measurements', async () => {
  const { page, answer } = tests.open;
  await page.getByRole('button', { name: 'What is the capital of France?' }).waitFor();
  tests.server.node.answer = () =>
    saying('a1', ['It is **Par', 'is**.\n\n```js\n', 'const a = 1;\n', '```\n']);
  await tests.open.ask('What is the capital of France?');
  await answer.getByRole('button', { name: 'Regenerate' }).waitFor();
  assert.equal(await answer.locator('strong', { hasText: 'Paris' }).count(), 1);
  assert.equal((await answer.locator('pre').textContent())?.trim(), 'const a = 1;');
  const route = await answer
    .getByRole('list', { name: 'Route of this answer' })
    .getByRole('listitem')
    .allTextContents();
  assert.deepEqual(route, ['ember blocks 0–9', 'birch blocks 10–19', 'cedar blocks 20–29']);
  assert.match((await answer.textContent())!, /41 tok\/s/);
  await answer.getByRole('button', { name: 'Verifying…' }).click();
  assert.match((await answer.textContent())!, /41\.4 tokens\/s, first token after 184 ms.*4 tokens/);
  await page.getByText('16 of 2,048 tokens').waitFor();

  await tests.open.ask('And of Spain?');
  await page.getByText('And of Spain?').waitFor();
  await answer.getByRole('button', { name: 'Regenerate' }).waitFor();
  const sent = tests.server.node.chats.at(-1)!.request;
  assert.deepEqual(
    sent.messages.map(({ role }) => role),
    ['system', 'user', 'assistant', 'user'],
  );
  noErrors();
});

test('nothing in an answer runs or loads', async () => {
  const { page, answer } = tests.open;
  const hostile = [
    '<img src="https://evil.example/x.png" onerror="window.owned = 1">',
    '<script>window.owned = 1</script>',
    '<style>body { display: none }</style>',
    '[click](javascript:window.owned=1)',
    '![beacon](https://evil.example/b.png)',
    '<form action="https://evil.example"><input name="token"></form>',
    'inline <a href="https://evil.example" onclick="window.owned = 1">HTML</a>',
    '[link](https://example.com)',
  ].join('\n\n');
  const requests: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  await page.getByRole('textbox', { name: 'Message' }).waitFor();
  tests.server.node.answer = () => saying('a1', hostile.match(/[\s\S]{1,7}/g)!);
  await tests.open.ask('Attack me');
  await answer.getByRole('button', { name: 'Regenerate' }).waitFor();
  assert.match((await answer.textContent())!, /<script>window\.owned = 1<\/script>/, 'shown as text');
  assert.equal(await page.evaluate('window.owned'), undefined);
  assert.equal(await answer.locator('.markdown :is(img, script, style, form, input, [onclick])').count(), 0);
  assert.equal(await answer.locator('a[href^="javascript"]').count(), 0);
  assert.equal(await answer.getByRole('link', { name: 'link' }).getAttribute('rel'), 'noopener noreferrer');
  assert.deepEqual(
    requests.filter((url) => !url.startsWith(tests.server.url)),
    [],
  );
  noErrors();
});

test('Stop and Esc cancel the answer at the node and keep what was said', async () => {
  const { page, answer } = tests.open;
  const first = endless(['Half an']);
  await tests.open.ask('Speak');
  await first.begun;
  await answer.getByText('Half an').waitFor();
  await page.getByRole('button', { name: 'Stop' }).click();
  await first.cancelled;
  await answer.getByText('Stopped by you').waitFor();
  assert.match((await answer.textContent())!, /Half an/);

  const second = endless(['Again']);
  await answer.getByRole('button', { name: 'Regenerate' }).click();
  await second.begun;
  await answer.getByText('Again').waitFor();
  await page.keyboard.press('Escape');
  await second.cancelled;
  await answer.getByText('Stopped by you').waitFor();
  noErrors();
});

test('the audit badge goes from pending to its result, with the evidence', async () => {
  const { answer } = tests.open;
  await tests.open.ask('What is the capital of France?');
  const badge = answer;
  await badge.getByText('Verifying…').waitFor();
  tests.server.node.setAudit(passedAudit('a1'));
  await badge.getByText('Verified', { exact: true }).click();
  const evidence = await badge.locator('dl').textContent();
  assert.match(evidence!, /blocks 10–19 of birch, positions 0–31.*cedar.*9f2c41d8a0…743b0de2/);
  tests.server.node.setAudit(failedAudit('a1'));
  await badge.getByText('Verification failed').waitFor();
  assert.match((await badge.locator('dl').textContent())!, /Recomputed hash03b7fe11c2…917c22f0/);
  noErrors();
});

test('an error is shown in the words of the node; Retry keeps the prompt', async () => {
  const { page, answer } = tests.open;
  await page.getByRole('heading', { name: 'Ask the network' }).waitFor();
  tests.server.node.answer = () => {
    throw new BitorchError('BLOCKS_MISSING', 'No node serves blocks 10–19 now.');
  };
  await tests.open.ask('What is the capital of France?');
  await answer.getByRole('alert').getByText('No node serves blocks 10–19 now.').waitFor();
  tests.server.node.answer = async function* () {
    yield { type: 'route', answerId: 'a2', model: MODEL.id, hops: HOPS, context: MODEL.context };
    yield { type: 'token', text: 'Par' };
    throw new BitorchError('STAGE_FAILED', 'birch went away.');
  };
  await answer.getByRole('button', { name: 'Retry' }).click();
  await answer.getByText('The answer was cut off.').waitFor();
  tests.server.node.answer = () => saying('a3', ['Paris.']);
  await answer.getByRole('button', { name: 'Retry' }).click();
  await answer.getByText('Paris.').waitFor();
  assert.deepEqual(tests.server.node.chats.at(-1)!.request.messages.slice(1), [
    { role: 'user', content: 'What is the capital of France?' },
  ]);
  assert.ok(tests.open.errors.every((error) => HTTP_ERROR.test(error)));
});

test('the network page follows the network', async () => {
  const { page } = tests.open;
  await page.getByRole('link', { name: 'Network', exact: true }).click();
  await page.getByRole('img', { name: 'birch runs blocks 10–19 of 30' }).waitFor();
  await page.getByRole('img', { name: '30 of 30 blocks are served' }).waitFor();
  await page.getByText('31.0 MB, all that your computer needs').waitFor();
  await page.getByText('Show as a table').click();
  assert.equal(
    await page.getByRole('row', { name: 'cedar online SmolLM2-135M-Instruct 20–29 31.0 MB' }).count(),
    1,
  );
  assert.equal(await page.getByRole('row', { name: 'spring 24.0 MB 0 B' }).count(), 1);

  const view = tests.server.node.network();
  const birch = view.nodes.find(({ name }) => name === 'birch')!;
  birch.state = 'unreachable';
  view.models[0] = { ...MODEL, available: false };
  tests.server.node.emit({ type: 'network', network: view });
  await page.getByRole('img', { name: '20 of 30 blocks are served' }).waitFor();
  await page.getByText('incomplete').waitFor();
  await page.getByRole('link', { name: 'Chat', exact: true }).click();
  await page.getByText('No node serves some blocks of').waitFor();
  await page.getByText('2 computers · some blocks missing').waitFor();
  noErrors();
});

test('problems of the node are shown above every page, and can be hidden until they occur anew', async () => {
  const { page } = tests.open;
  const view = tests.server.node.network();
  const notice = { code: 'UNREACHABLE', message: 'no other node reaches this one', since: 1 };
  const show = (since: number, more: object[] = []) =>
    tests.server.node.emit({
      type: 'network',
      network: { ...view, notices: [{ ...notice, since }, ...(more as (typeof notice)[])] },
    });
  await page.getByText('3 computers', { exact: true }).waitFor();
  show(1, [{ code: 'CLOCK', message: 'the clock is 90 s behind those of others', since: 1 }]);
  await page.getByText('No other node reaches this one.').waitFor();
  await requireAccessible(page, 'notices');
  await page.getByRole('alert').filter({ hasText: 'No other' }).getByRole('button').click();
  await page.getByText('No other node reaches this one.').waitFor({ state: 'detached' });
  await page.getByText('The clock is 90 s behind').waitFor();
  show(2);
  await page.getByText('No other node reaches this one.').waitFor();
  noErrors();
});

test('a network without a model, and a node that does not chat, say what to do', async () => {
  const { page } = tests.open;
  const view = { ...tests.server.node.network(), models: [], transfers: [] };
  tests.server.node.view = view;
  tests.server.node.emit({ type: 'network', network: view });
  await page.getByText('This network has no model yet.').waitFor();
  await page.getByText('bitorch start --publish').waitFor();
  await requireAccessible(page, 'no-model');
  tests.server.node.conversations = undefined;
  await page.reload();
  await page.getByText('this node does not chat').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Send' }).isDisabled(), true);
});

test('several models can be chosen from', async () => {
  const { page, answer } = tests.open;
  const view = tests.server.node.network();
  view.models.push({ ...MODEL, id: 'other', name: 'Other-1B' });
  tests.server.node.emit({ type: 'network', network: view });
  await page.getByRole('combobox', { name: 'Model' }).selectOption('Other-1B');
  await tests.open.ask('Hello');
  await answer.getByText('Paris').waitFor();
  assert.equal(tests.server.node.chats.at(-1)!.request.model, 'other');
});

test('a lost connection is said, and mended when the node returns', async () => {
  const { page } = tests.open;
  await page.getByText('online').first().waitFor();
  await page.getByText('3 computers', { exact: true }).waitFor();
  const resume = await tests.server.pause();
  await page.getByRole('alert').getByText('The connection to your node is lost.').waitFor();
  assert.equal(await page.locator('.dot[data-state="live"]').count(), 0, 'nothing is green');
  assert.match(await page.title(), /^Offline/);
  await tests.open.ask('Hello?');
  await page.getByText('Your node does not answer.').waitFor();
  await resume();
  // The page also reconnects by itself, which may take the button away before the click.
  const click = page.getByRole('button', { name: 'Reconnect now' }).click({ timeout: 5_000 });
  await click.catch(() => undefined);
  await page.getByText('The connection to your node is lost.').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Retry' }).click();
  await tests.open.answer.getByText('Paris').waitFor();
});

for (const colorScheme of ['light', 'dark'] as const) {
  for (const viewport of [DESKTOP, TABLET, PHONE]) {
    test(`no accessibility violations, ${colorScheme}, ${viewport.width} px`, async () => {
      const own = await openPage(tests.browser, `${tests.server.url}/#token=${TOKEN}`, {
        colorScheme,
        viewport,
      });
      const { page } = own;
      const check = (state: string) =>
        requireAccessibleNow(page, `chat-${state}-${colorScheme}-${viewport.width}`);
      await page.getByRole('heading', { name: 'Ask the network' }).waitFor();
      await check('empty');
      tests.server.node.answer = () =>
        saying('a1', ['# Paris\n\n', `${'long'.repeat(40)}\n\n`, '```\n', 'x'.repeat(200), '\n```']);
      await own.ask('What is the capital of France?');
      await own.answer.getByRole('button', { name: 'Regenerate' }).waitFor();
      tests.server.node.setAudit(passedAudit('a1'));
      await own.answer.getByText('Verified', { exact: true }).click();
      await check('answer');
      await own.answer.getByText('Verified', { exact: true }).click();
      await page.getByText('3 computers · checked · 41 tok/s').click();
      await check('strip');
      await page.getByText('3 computers · checked · 41 tok/s').click();
      await page.getByRole('button', { name: 'Settings' }).click();
      await check('settings');
      await page.getByRole('button', { name: 'Settings' }).click();
      tests.server.node.answer = () => {
        throw new BitorchError('BLOCKS_MISSING', 'No node serves blocks 10–19 now.');
      };
      await own.ask('And of Spain?');
      await own.answer.getByRole('alert').waitFor();
      await check('failure');
      await page.getByRole('link', { name: 'Network', exact: true }).click();
      await page.getByText('Show as a table').click();
      const view = tests.server.node.network();
      view.nodes.at(-1)!.state = 'unreachable';
      view.models.push({ ...MODEL, id: 'other', name: 'A-Model-With-A-Long-Name-70B-Instruct', layers: 80 });
      tests.server.node.emit({ type: 'network', network: view });
      await page.getByText('A-Model-With-A-Long-Name').last().waitFor();
      await check('network');
      await own.close();
    });
  }
}

test('everything can be reached and worked by keyboard', async () => {
  const { page, answer } = tests.open;
  await page.getByRole('textbox', { name: 'Message' }).waitFor();
  await page.keyboard.type('First');
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.type('line');
  await page.keyboard.press('Enter');
  await answer.getByRole('button', { name: 'Regenerate' }).waitFor();
  assert.equal(tests.server.node.chats[0]!.request.messages.at(-1)!.content, 'First\nline');
  assert.equal(await page.evaluate('document.activeElement.id'), 'prompt');
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Enter');
  await page.getByText('2/2').waitFor();
  assert.equal(tests.server.node.chats.length, 2, 'Regenerate is two stops before the composer');
});
