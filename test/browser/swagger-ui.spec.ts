import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import type { Actor } from '../support/api-client.js';
import { launchChromium } from '../support/chromium.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

let server: TestServer;
let browser: Browser;
let page: Page;
let alice: Actor;
let complaints: string[];

beforeAll(async () => {
  server = await startTestServer();
  browser = await launchChromium();
  alice = await server.signUp();
});

afterAll(async () => {
  await browser.close();
  await server.close();
});

beforeEach(async () => {
  complaints = [];
  page = await browser.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error' || message.text().includes('Content Security Policy'))
      complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.setDefaultTimeout(15_000);
  await page.goto(`${server.url}/mc101docs`);
  await page.waitForSelector('.opblock');
});

afterEach(() => page.close());

async function tryInfo(): Promise<string> {
  const operation = page.locator('.opblock', { has: page.locator('[data-path="/users/info"]') });
  await operation.locator('.opblock-summary-control').click();
  await operation.getByRole('button', { name: 'Try it out' }).click();
  await operation.getByRole('button', { name: 'Execute' }).click();
  return operation.locator('.live-responses-table .response-col_description pre').first().innerText();
}

it('shows every route without a complaint about scripts, styles or errors', async () => {
  expect(await page.locator('.opblock').count()).toBeGreaterThan(20);
  expect(complaints).toEqual([]);
});

it('logs in with the Authorize button and calls a closed route', async () => {
  await page.getByRole('button', { name: 'Authorize' }).first().click();
  const form = page.locator('.auth-container', { hasText: 'OAuth2, password' });
  await form.locator('#oauth_username').fill(alice.email);
  await form.locator('#oauth_password').fill(alice.password);
  await form.locator('button.authorize').click();
  await form.locator('button', { hasText: 'Logout' }).waitFor();
  await page.locator('.btn-done').first().click();

  expect(JSON.parse(await tryInfo())).toMatchObject({ email: alice.email });
  expect(complaints).toEqual([]);
});

it('takes a pasted access token', async () => {
  await page.getByRole('button', { name: 'Authorize' }).first().click();
  const form = page.locator('.auth-container', { hasText: 'http, Bearer' });
  await form.locator('input').fill(alice.token);
  await form.locator('button.authorize').click();
  await page.locator('.btn-done').first().click();

  expect(JSON.parse(await tryInfo())).toMatchObject({ email: alice.email });
});

it('shows an error in the one shape when nobody is logged in', async () => {
  expect(JSON.parse(await tryInfo())).toMatchObject({ error: { code: 'UNAUTHENTICATED' } });
});
