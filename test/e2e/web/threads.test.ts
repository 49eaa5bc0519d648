/** The conversations on the page, in front of a node whose answers the test speaks. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BitorchError } from '#base';
import { openPage } from '../../support/page.ts';
import { TOKEN } from '../../support/page-server.ts';
import { pageTests, requireAccessible } from '../../support/page-tests.ts';
import { scriptedChat } from '../../support/scripted-answer.ts';
import { passedAudit, saying } from '../../support/scripted-node.ts';

const tests = pageTests();

/** Answers from now on are spoken by the test. */
function speaking() {
  const { chat, next } = scriptedChat();
  tests.server.node.answer = chat;
  return next;
}

const list = () => tests.open.page.getByRole('navigation', { name: 'Conversations' });

test('a reload brings back the conversation, the draft and the running answer', async () => {
  const { page, answer } = tests.open;
  const next = speaking();
  await tests.open.ask('Tell me a story');
  const story = await next();
  story.say('Once upon ');
  await answer.getByText('Once upon').waitFor();
  await page.getByRole('textbox', { name: 'Message' }).fill('half a question');
  await page.reload();
  await answer.getByText('Once upon').waitFor();
  assert.equal(await page.getByRole('textbox', { name: 'Message' }).inputValue(), 'half a question');
  story.say('a time.');
  await answer.getByText('Once upon a time.').waitFor();
  story.done();
  await answer.getByText('Verifying…').waitFor();
  tests.server.node.setAudit(passedAudit('answer-1'));
  await answer.getByText('Verified', { exact: true }).waitFor();
  await page.reload();
  await answer.getByText('Verified', { exact: true }).waitFor();
  await page.waitForFunction(() => document.title === 'Tell me a story · Bitorch');
});

test('what changes while a conversation is loaded is shown', async () => {
  const { page, answer } = tests.open;
  tests.server.node.answer = () => saying('answer-1', ['Once upon a time.']);
  await tests.open.ask('Tell me a story');
  await answer.getByText('Verifying…').waitFor();
  const before = Promise.withResolvers<void>();
  const changed = Promise.withResolvers<void>();
  await page.route(
    '**/api/threads/*',
    async (route) => {
      const response = await route.fetch();
      before.resolve();
      await changed.promise;
      await route.fulfill({ response });
    },
    { times: 1 },
  );
  await page.reload();
  await before.promise;
  const told = page.waitForResponse('**/api/threads/*');
  tests.server.node.setAudit(passedAudit('answer-1'));
  await told;
  changed.resolve();
  await answer.getByText('Verified', { exact: true }).waitFor();
});

test('an answer survives a lost connection, and goes on where it was', async () => {
  const { page, answer } = tests.open;
  const next = speaking();
  await tests.open.ask('Tell me a story');
  const story = await next();
  story.say('Once ');
  await answer.getByText('Once').waitFor();
  const resume = await tests.server.pause();
  await page.getByText('The connection to your node is lost.').waitFor();
  story.say('upon a time.');
  story.done();
  await resume();
  await answer.getByText('Once upon a time.').waitFor();
  await answer.getByRole('button', { name: 'Regenerate' }).waitFor();
});

test('two tabs show the same answer', async () => {
  const next = speaking();
  await tests.open.ask('Tell me a story');
  const story = await next();
  story.say('Once ');
  await tests.open.answer.getByText('Once').waitFor();
  const other = await openPage(tests.browser, `${tests.server.url}/#token=${TOKEN}`);
  await other.page.getByRole('link', { name: 'Tell me a story' }).click();
  await other.answer.getByText('Once').waitFor();
  story.say('upon a time.');
  story.done();
  await other.answer.getByText('Once upon a time.').waitFor();
  await tests.open.answer.getByText('Once upon a time.').waitFor();
  await other.close();
});

test('a stopped answer, and one whose stage was lost, are continued', async () => {
  const { page, answer } = tests.open;
  const next = speaking();
  await tests.open.ask('Count');
  (await next()).say('One, ');
  await answer.getByText('One,').waitFor();
  await page.getByRole('button', { name: 'Stop' }).click();
  await answer.getByRole('button', { name: 'Continue' }).click();
  const second = await next();
  assert.equal(second.request.continued, 'One, ');
  second.say('two, ');
  second.fail(new BitorchError('STAGE_FAILED', 'birch went away.'));
  await answer.getByRole('alert').getByText('birch went away.').waitFor();
  await answer.getByRole('button', { name: 'Continue' }).click();
  const third = await next();
  third.say('three.');
  third.done();
  await answer.getByText('One, two, three.').waitFor();
  await answer.getByText('Verifying…').waitFor();
});

test('questions are edited and answers repeated as versions, and a branch is a conversation of its own', async () => {
  const { page, answer } = tests.open;
  tests.server.node.answer = () => saying('a1', ['First.']);
  await tests.open.ask('Question A');
  await answer.getByText('First.').waitFor();
  tests.server.node.answer = () => saying('a2', ['Second.']);
  await answer.getByRole('button', { name: 'Regenerate' }).click();
  await answer.getByText('Second.').waitFor();
  await page.getByText('2/2').waitFor();
  tests.server.node.answer = () => saying('a3', ['Third.']);
  await page.getByRole('button', { name: 'Edit this question' }).click();
  await page.getByRole('textbox', { name: 'Your question' }).fill('Question B');
  await requireAccessible(page, 'threads-edit');
  await page.keyboard.press('Enter');
  await answer.getByText('Third.').waitFor();
  await page.getByText('3/3').waitFor();
  await page.getByRole('button', { name: 'Previous version' }).click();
  await page.getByText('2/3').waitFor();
  await answer.getByText('Second.').waitFor();
  await page.getByText('Question A', { exact: true }).last().waitFor();
  await page.reload();
  await answer.getByText('Second.').waitFor();
  await answer.getByRole('button', { name: 'Branch into a new chat' }).click();
  await page.getByText('2/3').waitFor({ state: 'detached' });
  await answer.getByText('Second.').waitFor();
  await list().getByRole('link').nth(1).waitFor();
});

test('conversations are searched, renamed, deleted and brought back', async () => {
  const { page, answer } = tests.open;
  for (const [question, words] of [
    ['Where is Paris?', 'On the Seine.'],
    ['Where is Rome?', 'On the Tiber.'],
  ] as const) {
    tests.server.node.answer = () => saying('a1', [words]);
    await list().getByRole('button', { name: 'New chat' }).click();
    await tests.open.ask(question);
    await answer.getByText(words).waitFor();
  }
  await list().getByRole('link', { name: 'Where is Paris?' }).click();
  await answer.getByText('On the Seine.').waitFor();
  await list().getByRole('button', { name: 'Rename Where is Paris?' }).click();
  await page.getByRole('textbox', { name: 'Title' }).fill('باريس and Paris');
  await page.keyboard.press('Enter');
  await list().getByRole('link', { name: 'باريس' }).waitFor();
  await list().getByRole('searchbox').fill('tiber');
  await list().getByText('On the Tiber.').waitFor();
  assert.equal(await list().getByRole('link').count(), 1);
  await list().getByRole('searchbox').fill('');
  await list().getByRole('link', { name: 'باريس' }).waitFor();
  await requireAccessible(page, 'threads-list');
  await list().getByRole('button', { name: 'Delete باريس and Paris' }).click();
  await page.getByRole('heading', { name: 'Ask the network' }).waitFor();
  assert.equal(await list().getByRole('link').count(), 1);
  await page.getByRole('button', { name: 'Undo' }).click();
  await answer.getByText('On the Seine.').waitFor();
  await list().getByRole('link', { name: 'باريس' }).waitFor();
});

test('system prompt, length and temperature belong to the conversation', async () => {
  const { page, answer } = tests.open;
  await page.getByRole('button', { name: 'Settings' }).click();
  assert.equal(await page.getByLabel('System prompt').inputValue(), 'Be brief.', "the node's, in sight");
  await page.getByLabel('System prompt').fill('Answer in French.');
  await page.getByLabel('Length').selectOption('128');
  await page.getByLabel('Temperature').selectOption('1');
  await tests.open.ask('Hello');
  await answer.getByText('Paris').waitFor();
  const { request } = tests.server.node.chats.at(-1)!;
  assert.deepEqual(
    [request.messages[0], request.maxTokens, request.temperature],
    [{ role: 'system', content: 'Answer in French.' }, 128, 1],
  );
  await page.getByLabel('System prompt').fill('');
  await tests.open.ask('And now?');
  await page.getByText('And now?').waitFor();
  await answer.getByText('Paris').waitFor();
  await page.reload();
  await page.getByRole('button', { name: 'Settings' }).click();
  assert.equal(await page.getByLabel('System prompt').inputValue(), '');
  assert.equal(await page.getByLabel('Temperature').inputValue(), '1');
  assert.equal(tests.server.node.chats.at(-1)!.request.addSystem, false);
});

test('twenty answers of twenty end with the right badge', async () => {
  const { page } = tests.open;
  for (let i = 1; i <= 20; i++) {
    tests.server.node.answer = () => saying(`answer ${i}`, ['Paris.']);
    await tests.open.ask(`Question ${i}`);
    await page.waitForFunction((n) => document.querySelectorAll('.audit').length === n, i);
    tests.server.node.setAudit(passedAudit(`answer ${i}`));
  }
  await page.waitForFunction(() => document.querySelectorAll('.audit[data-state="passed"]').length === 20);
  await page.reload();
  await page.waitForFunction(() => document.querySelectorAll('.audit[data-state="passed"]').length === 20);
});

test('text of either direction is laid out in its own', async () => {
  const { page, answer } = tests.open;
  tests.server.node.answer = () => saying('a1', ['مرحبا بالعالم\n\nHello world\n\n- واحد\n- two']);
  await tests.open.ask('قل مرحبا');
  await answer.getByText('Hello world').waitFor();
  const directionOf = (text: string) =>
    page
      .getByText(text, { exact: true })
      .last()
      .evaluate((element) => getComputedStyle(element).direction);
  assert.equal(await directionOf('مرحبا بالعالم'), 'rtl');
  assert.equal(await directionOf('Hello world'), 'ltr');
  assert.equal(await directionOf('قل مرحبا'), 'rtl');
  await requireAccessible(page, 'threads-directions');
});

test('the page is small on the wire and its current tab is in sight on a phone', async () => {
  const context = await tests.browser.newContext();
  const page = await context.newPage();
  let bytes = 0;
  const sized: Promise<unknown>[] = [];
  page.on('requestfinished', (request) => {
    if (/\/api\//.test(request.url())) return;
    sized.push(
      request.sizes().then(({ responseBodySize, responseHeadersSize }) => {
        bytes += responseBodySize + responseHeadersSize;
      }),
    );
  });
  await page.goto(`${tests.server.url}/#token=${TOKEN}`);
  await page.getByRole('heading', { name: 'Ask the network' }).waitFor();
  await Promise.all(sized);
  assert.ok(bytes > 10_000 && bytes <= 150_000, `${bytes} bytes`);
  await page.setViewportSize({ width: 320, height: 640 });
  for (const name of ['Security', 'Network', 'Chat']) {
    const tab = page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name });
    await tab.click();
    const { x, width } = (await tab.boundingBox())!;
    const box = (await page.getByRole('navigation', { name: 'Pages' }).boundingBox())!;
    assert.ok(x >= box.x - 1 && x + width <= box.x + box.width + 1, name);
  }
  await context.close();
});

test('a term explains itself on focus and on Escape no longer', async () => {
  const { page } = tests.open;
  const term = page.getByRole('button', { name: 'activations' });
  await term.focus();
  await page.getByRole('tooltip', { name: /Numbers that a model computes/ }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByText('Numbers that a model computes').waitFor({ state: 'hidden' });
});
