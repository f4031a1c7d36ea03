import { performance } from 'node:perf_hooks';
import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import { describeDevice } from './device.js';

const LENGTH = 512;

describe('a device in words', () => {
  it.each([
    ['Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0', 'Firefox 131 on Linux'],
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0',
      'Microsoft Edge 130 on Windows',
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1',
      'Safari 17 on iOS',
    ],
    [
      'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36',
      'Chrome 130 on Android',
    ],
    ['Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)', 'macOS'],
    ['Firefox/131.0', 'Firefox 131'],
    ['curl/8.5.0', undefined],
    ['node', undefined],
    ['', undefined],
    [null, undefined],
    [undefined, undefined],
  ])('%s', (userAgent, words) => {
    expect(describeDevice(userAgent)).toBe(words);
  });

  it('never holds what the client wrote but a short number', () => {
    const pieces = [
      ...[
        'Firefox/',
        'Chrome/',
        'Safari',
        'Version/',
        'Linux',
        'Windows NT ',
        'Android ',
        'like Mac OS X',
        '/',
        ' ',
        '(',
      ],
      ...[')', ';', '<b>', 'https://evil.example', '131.0', '\u0000', '\u202e', 'constructor', '__proto__'],
    ];
    const text = fc
      .array(fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: 'binary', maxLength: 8 })), {
        maxLength: 30,
      })
      .map((parts) => parts.join('').slice(0, LENGTH));
    fc.assert(
      fc.property(text, (userAgent) => {
        const words = describeDevice(userAgent) ?? 'nothing';
        expect(words).toMatch(/^[A-Za-z0-9 .,:()/'+&-]{1,80}$/);
        expect(words).not.toMatch(/evil|proto|constructor|\d{5}/);
      }),
      { numRuns: 300 },
    );
  });

  it('is found in time, whatever is repeated to the full length of what is kept of a header', () => {
    const units = [
      ...[
        'a',
        ' ',
        '/',
        '(',
        ';',
        '.',
        '1',
        'Firefox/',
        'Chrome/',
        'Version/1.',
        'Android ',
        'Windows NT ',
        '\t',
      ],
      ...[
        'like Mac OS X ',
        'cros ',
        'Macintosh; ',
        'CPU OS ',
        'Opera ',
        'MSIE ',
        'Trident/7.0; ',
        'rv:1',
        'bot',
      ],
    ];
    for (const head of ['', 'Mozilla/5.0 (', 'Opera/9.80 (', ...units])
      for (const unit of units) {
        const text = (head + unit.repeat(LENGTH)).slice(0, LENGTH - 1) + '!';
        const before = performance.now();
        describeDevice(text);
        expect(performance.now() - before).toBeLessThan(500);
      }
  });
});
