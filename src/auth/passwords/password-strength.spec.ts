import { afterEach, describe, expect, it } from '@jest/globals';
import { PasswordStrengthMeter } from './password-strength.js';

const meter = new PasswordStrengthMeter();
afterEach(() => meter.close());

describe('the strength of a password', () => {
  it('is low for what anybody tries first, with a reason, and high for what nobody does', async () => {
    const [weak, strong] = await Promise.all([
      meter.measure('password1', []),
      meter.measure('seven lanterns over a quiet harbour', []),
    ]);
    expect(weak.score).toBeLessThan(2);
    expect(weak.warning).toMatch(/\w/);
    expect(strong).toMatchObject({ score: 4, warning: null });
  });

  it('is low for what is made of the own words', async () => {
    const password = 'quillonvastergard';
    expect((await meter.measure(password, [])).score).toBe(4);
    expect(
      (await meter.measure(password, ['Quillon', 'Vastergard', 'QuillonVastergard'])).score,
    ).toBeLessThan(3);
    // The words of one person do not stay behind for the next.
    expect((await meter.measure(password, [])).score).toBe(4);
  });

  it('is answered to who asked, however many ask at once', async () => {
    const passwords = Array.from({ length: 40 }, (_, n) => (n % 2 ? 'password' : `kX9$qz!vW3&mB7?h${n}`));
    const scores = await Promise.all(passwords.map((one) => meter.measure(one, [])));
    expect(scores.map(({ score }) => (score > 2 ? 'strong' : 'weak'))).toEqual(
      passwords.map((one) => (one === 'password' ? 'weak' : 'strong')),
    );
  });

  it('of a hostile password is found without holding up anything else', async () => {
    const pending = Symbol('pending');
    const measured = meter.measure('aA1!'.repeat(32), ['aA1!', 'A1!a']);
    const turn = () => new Promise<typeof pending>((resolve) => setImmediate(resolve, pending));
    let turns = 0;
    while ((await Promise.race([measured, turn()])) === pending) turns += 1;
    expect((await measured).score).toBeLessThan(4);
    expect(turns).toBeGreaterThan(10);
  });

  it('is not left open when the meter closes, and can be asked for again afterwards', async () => {
    const pending = meter.measure('a password that nobody will hear about', []);
    const outcome = pending.then(
      () => 'measured',
      () => 'refused',
    );
    await meter.close();
    expect(['measured', 'refused']).toContain(await outcome);
    expect((await meter.measure('password', [])).score).toBe(0);
  });
});
