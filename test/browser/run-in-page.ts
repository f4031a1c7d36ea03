import type { Page } from 'playwright-core';

/**
 * Runs a script in a page, with these values as its variables. As text: the names of a page are not those of this
 * program, and their types would be known in all of it.
 */
export function run(tab: Page, script: string, values: Record<string, unknown> = {}): Promise<unknown> {
  const names = Object.keys(values).join(', ');
  return tab.evaluate(`(async ({ ${names} }) => { ${script} })(${JSON.stringify(values)})`);
}
