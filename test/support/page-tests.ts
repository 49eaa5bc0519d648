/** What tests of the page share: each has a fresh server with a scripted node, and the page open before it. */
import assert from 'node:assert/strict';
import { mkdir, rm } from 'node:fs/promises';
import { after, afterEach, before, beforeEach } from 'node:test';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from './browser.ts';
import { buildPage, type OpenPage, openPage } from './page.ts';
import { type Running, startServer, TOKEN } from './page-server.ts';

export const DESKTOP = { width: 1280, height: 900 };
export const TABLET = { width: 768, height: 1024 };
export const PHONE = { width: 320, height: 640 };
/** Every screen in light and dark at every width (`npm run test:long`), or only a wide light and a narrow dark one. */
const ALL_SCREENS = process.env.BITORCH_SCREENS === 'all';
/** Where to leave pictures for people to look at; none when absent. */
const PICTURES = process.env.BITORCH_PICTURES;

const SCREENS = (['light', 'dark'] as const).flatMap((colorScheme) =>
  [DESKTOP, TABLET, PHONE].map((viewport) => ({ colorScheme, viewport })),
);
const FEW_SCREENS = [
  { colorScheme: 'light', viewport: DESKTOP },
  { colorScheme: 'dark', viewport: PHONE },
] as const;

export interface PageTests {
  webRoot: string;
  browser: Browser;
  server: Running;
  open: OpenPage;
}

/** Registers the hooks; `prepare` acts on the server before the page opens. What it returns is filled by them. */
export function pageTests(prepare: (server: Running) => void = () => undefined): PageTests {
  const tests = {} as PageTests;
  before(async () => {
    [tests.webRoot, tests.browser] = await Promise.all([buildPage(), launchBrowser()]);
  });
  after(async () => {
    await tests.browser?.close();
    await rm(tests.webRoot, { recursive: true, force: true });
  });
  beforeEach(async () => {
    tests.server = await startServer(tests.webRoot);
    prepare(tests.server);
    tests.open = await openPage(tests.browser, `${tests.server.url}/#token=${TOKEN}`);
  });
  afterEach(async () => {
    await tests.open.close();
    await tests.server.stop();
  });
  return tests;
}

/** Fails where people with a screen reader, a narrow screen or a dark one would; `name` is the picture's. */
export async function requireAccessible(page: Page, name: string): Promise<void> {
  for (const { colorScheme, viewport } of ALL_SCREENS || PICTURES ? SCREENS : FEW_SCREENS) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(viewport);
    await requireAccessibleNow(page, `${name}-${colorScheme}-${viewport.width}`);
  }
  await page.setViewportSize(DESKTOP);
}

/** The same for the page as it is. */
export async function requireAccessibleNow(page: Page, name: string): Promise<void> {
  // A window as tall as the page, in which what is sticky covers nothing.
  const before = page.viewportSize()!;
  const height = (await page.evaluate('document.documentElement.scrollHeight')) as number;
  await page.setViewportSize({ width: before.width, height: Math.max(before.height, height) });
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'])
    .analyze();
  assert.deepEqual(
    violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]),
    [],
    name,
  );
  const wide = await page.evaluate(`document.documentElement.scrollWidth <= innerWidth ? [] :
    [...document.querySelectorAll('main *')].filter((one) => one.getBoundingClientRect().right > innerWidth)
      .map((one) => one.outerHTML.slice(0, 120))`);
  assert.deepEqual(wide, [], `${name} scrolls sideways`);
  if (PICTURES) {
    await mkdir(PICTURES, { recursive: true });
    await page.screenshot({ path: `${PICTURES}/${name}.png` });
  }
  await page.setViewportSize(before);
}
