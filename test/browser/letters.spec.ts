import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import type { Letter, Sender } from '../../src/mail/letters/letter.js';
import { LETTERS, type LetterKind } from '../../src/mail/letters/letters.js';
import { renderLetter } from '../../src/mail/letters/render-letter.js';
import { launchChromium } from '../support/chromium.js';
import { SAMPLE_LETTERS } from '../support/sample-letters.js';
import { run } from './run-in-page.js';

const SENDER = { url: 'https://vote.the-rather-long-name-of-an-organisation.example.org' };
const WIDTHS = [320, 800];
const SCHEMES = ['light', 'dark'] as const;
/** To be looked at by people. */
const PICTURES = path.join(tmpdir(), 'mc101-letters');

const write = (kind: LetterKind, data: unknown): Letter =>
  (LETTERS[kind] as (data: unknown, sender: Sender) => Letter)(data, SENDER);

const letters = Object.entries(SAMPLE_LETTERS).flatMap(([kind, samples]) =>
  (samples as readonly unknown[]).map((data, n) => ({
    name: `${kind}-${n + 1}`,
    letter: write(kind as LetterKind, data),
  })),
);

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await launchChromium();
  page = await browser.newPage({ javaScriptEnabled: true });
  await mkdir(PICTURES, { recursive: true });
});
afterAll(() => browser.close());

/** WCAG 2.2, 1.4.3: the contrast of every text with what is behind it; the least comes first. */
const CONTRASTS = `
  const channels = (color) => color.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const [r, g, b, a = 1] = channels(getComputedStyle(each).backgroundColor);
      if (a === 1) return [r, g, b];
      if (a > 0) throw new Error('Half transparent: ' + each.outerHTML.slice(0, 80));
    }
    return getComputedStyle(document.documentElement).colorScheme.includes('dark') && matchMedia('(prefers-color-scheme: dark)').matches
      ? [18, 18, 18] : [255, 255, 255];
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    const isShown = element.checkVisibility() && element.getBoundingClientRect().height > 0;
    if (texts.currentNode.textContent.trim() === '' || !isShown || element.closest('[style*="display:none"]')) continue;
    const [text, ground] = [channels(getComputedStyle(element).color), behind(element)].map(luminance);
    const contrast = (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
    found.push({ contrast, text: texts.currentNode.textContent.trim().slice(0, 40) });
  }
  return found.sort((a, b) => a.contrast - b.contrast);
`;

const WIDTH = `return { content: document.documentElement.scrollWidth, window: innerWidth };`;

describe.each(letters)('the letter $name', ({ name, letter }) => {
  const { html, text } = renderLetter(letter, SENDER);

  it.each(WIDTHS.flatMap((width) => SCHEMES.map((colorScheme) => [width, colorScheme] as const)))(
    'can be read in a window of %d pixels, %s: nothing sticks out, every text stands off its ground',
    async (width, colorScheme) => {
      await page.setViewportSize({ width, height: 800 });
      await page.emulateMedia({ colorScheme });
      await page.setContent(html);
      await page.screenshot({
        path: path.join(PICTURES, `${name}-${width}-${colorScheme}.png`),
        fullPage: true,
      });

      const { content, window } = (await run(page, WIDTH)) as { content: number; window: number };
      expect(content).toBeLessThanOrEqual(window);
      const contrasts = (await run(page, CONTRASTS)) as { contrast: number; text: string }[];
      expect(contrasts.length).toBeGreaterThan(3);
      expect(contrasts.filter(({ contrast }) => contrast < 4.5)).toEqual([]);
      if (letter.action) {
        const link = page.getByRole('link', { name: letter.action.label });
        expect(await link.getAttribute('href')).toBe(letter.action.url);
        const box = (await link.boundingBox())!;
        expect([box.height >= 40, box.x >= 0, box.x + box.width <= width]).toEqual([true, true, true]);
      }
    },
  );

  it('says the same in plain text', async () => {
    await page.setContent(html);
    const shown = (await page.locator('body').innerText()).replaceAll(/\s+/g, ' ');
    const facts = (letter.facts ?? []).flatMap(({ label, value }) => [label, value]);
    const action = letter.action ? [letter.action.label, letter.action.url] : [];
    const code = letter.code === undefined ? [] : [letter.code.replaceAll(/(\d{4})(?=\d)/g, '$1 ')];
    for (const part of [
      ...letter.paragraphs,
      ...facts,
      ...action,
      ...code,
      ...(letter.closing ?? []),
      SENDER.url,
    ]) {
      expect(shown).toContain(part);
      expect(text.replaceAll(/\s+/g, ' ')).toContain(part);
    }
  });

  it('needs nothing from elsewhere, and runs nothing', () => {
    expect(html).not.toMatch(/<(script|img|link|iframe|form|object)\b|url\(|@import|\son\w+=/i);
    const links = Array.from(html.matchAll(/href="([^"]+)"/g), ([, href]) => href);
    expect(links).toEqual(letter.action ? [letter.action.url] : []);
  });

  it('has a subject that fits, and a preview that gives no code away', () => {
    expect(letter.subject.length).toBeLessThanOrEqual(60);
    expect(letter.preview.length).toBeLessThanOrEqual(90);
    expect(letter.preview).not.toMatch(/\d{4}/);
  });
});
