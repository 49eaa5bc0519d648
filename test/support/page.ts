/** The page in a browser: what a person sees and does, whichever node is behind it. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { build } from 'vite';

/** Builds the page into a temporary folder, which the caller removes. */
export async function buildPage(): Promise<string> {
  const outDir = await mkdtemp(join(tmpdir(), 'bitorch-web-'));
  await build({ configFile: 'web/vite.config.ts', logLevel: 'error', build: { outDir, emptyOutDir: true } });
  return outDir;
}

export interface OpenPage {
  page: Page;
  /** Errors of the console and of scripts so far; violations of the page's policy are among them. */
  errors: string[];
  /** The last answer on the page. */
  answer: Locator;
  ask(prompt: string): Promise<void>;
  close(): Promise<void>;
}

/** Opens the page as the link in the terminal does: `url` with the token in its fragment. */
export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<OpenPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.goto(url);
  return {
    page,
    errors,
    answer: page.getByRole('article', { name: 'Answer' }).last(),
    ask: async (prompt) => {
      await page.getByRole('textbox', { name: 'Message' }).fill(prompt);
      // Nothing is sent before the page knows a model.
      await page.getByRole('button', { name: 'Send', disabled: false }).waitFor();
      await page.keyboard.press('Enter');
    },
    close: () => context.close(),
  };
}
