import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  FormatUnknownError,
  KeyUnknownError,
  SealBrokenError,
  WrappedKeyBrokenError,
} from '../crypto.errors.js';
import { commitToKey } from '../key-commitment.js';
import { parseKeyRing } from '../parse-key-ring.js';
import { createUserKey } from './create-user-key.js';
import { deriveNoteKeys } from './derive-note-keys.js';
import { indexTag } from './index-tag.js';
import type { ContentBinding, NoteMode, TitleBinding } from './note-binding.js';
import { openContent } from './open-content.js';
import { openTitle } from './open-title.js';
import { rewrapContentKey } from './rewrap-content-key.js';
import { sealContent } from './seal-content.js';
import { sealTitle } from './seal-title.js';
import type { SealedContent } from './sealed-content.js';
import { unwrapUserKey } from './unwrap-user-key.js';
import { wrapUserKey } from './wrap-user-key.js';

const ROW: TitleBinding = {
  formatVersion: 1,
  mode: 'app',
  ownerId: 7,
  noteId: 41,
  contentRevision: 3,
  titleRevision: 4,
  keyCommitment: Buffer.alloc(32, 0x33),
};
const KEYS = deriveNoteKeys(Buffer.alloc(32, 0x11));
const KEK = KEYS.contentKek;
const TITLE = { title: 'Shopping', tags: ['home', 'Straße'] };

const unicode = fc.string({ unit: 'binary', maxLength: 200 });
const key = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((array) => Buffer.from(array));
const id = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const row = fc.record<TitleBinding>({
  formatVersion: fc.constant(1),
  mode: fc.constantFrom<NoteMode>('app', 'personal'),
  ownerId: id,
  noteId: id,
  contentRevision: id,
  titleRevision: id,
  keyCommitment: key,
});

/** The buffer with each of its bits flipped in turn. */
function* flips(buffer: Buffer): Generator<Buffer> {
  for (let bit = 0; bit < buffer.length * 8; bit++) {
    const flipped = Buffer.from(buffer);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    yield flipped;
  }
}

const MOVED: [string, Partial<TitleBinding>][] = [
  ['another owner', { ownerId: 8 }],
  ['another note', { noteId: 42 }],
  ['the other mode', { mode: 'personal' }],
  ['an older content revision', { contentRevision: 2 }],
  ['a newer content revision', { contentRevision: 4 }],
];

describe('a sealed content', () => {
  it('opens to what was sealed, whatever was written', () => {
    fc.assert(
      fc.property(row, key, unicode, (binding, kek, content) => {
        const sealed = sealContent(binding, kek, content);
        expect(sealed.keyId).toBe(binding.mode === 'app' ? 'user' : 'password');
        expect(openContent(binding, kek, sealed)).toBe(content);
      }),
    );
  });

  it('is refused with any bit of any part flipped', () => {
    const sealed = sealContent(ROW, KEK, 'milk');
    let refused = 0;
    for (const part of ['wrappedKey', 'keyCommitment', 'sealedContent'] as const) {
      for (const flipped of flips(sealed[part])) {
        expect(() => openContent(ROW, KEK, { ...sealed, [part]: flipped })).toThrow(SealBrokenError);
        refused++;
      }
    }
    expect(refused).toBe((60 + 32 + 32) * 8);
    expect(() => openContent(ROW, KEK, { ...sealed, keyId: 'password' })).toThrow(SealBrokenError);
  });

  it.each(MOVED)('is refused under %s', (_where, change) => {
    const sealed = sealContent(ROW, KEK, 'milk');
    expect(() => openContent({ ...ROW, ...change }, KEK, sealed)).toThrow(SealBrokenError);
  });

  it('is refused, with a key of its own place, by the content itself', () => {
    const here = sealContent(ROW, KEK, 'milk');
    const elsewhere: ContentBinding = { ...ROW, noteId: 42 };
    const moved = sealContent(elsewhere, KEK, 'beer');
    expect(() => openContent(ROW, KEK, { ...here, sealedContent: moved.sealedContent })).toThrow(
      SealBrokenError,
    );
  });

  it('cannot take one part from an earlier write of the same text', () => {
    const first = sealContent(ROW, KEK, 'milk');
    const second = sealContent(ROW, KEK, 'milk');
    for (const part of ['wrappedKey', 'keyCommitment', 'sealedContent'] as const) {
      expect(second[part]).not.toEqual(first[part]);
      const mixed: SealedContent = { ...second, [part]: first[part] };
      expect(() => openContent(ROW, KEK, mixed)).toThrow(SealBrokenError);
    }
  });

  it('tells a key that does not fit, such as from a wrong password, from a content that was changed', () => {
    const binding: ContentBinding = { ...ROW, mode: 'personal' };
    const sealed = sealContent(binding, Buffer.alloc(32, 1), 'milk');
    expect(() => openContent(binding, Buffer.alloc(32, 2), sealed)).toThrow(WrappedKeyBrokenError);

    const changed = { ...sealed, sealedContent: Buffer.alloc(32) };
    const open = (): string => openContent(binding, Buffer.alloc(32, 1), changed);
    expect(open).toThrow(SealBrokenError);
    expect(open).not.toThrow(WrappedKeyBrokenError);
  });

  it('checks the commitment before it decrypts', () => {
    const sealed = sealContent(ROW, KEK, 'milk');
    const uncommitted = {
      ...sealed,
      keyCommitment: commitToKey(Buffer.alloc(32)),
      sealedContent: Buffer.alloc(0),
    };
    expect(() => openContent(ROW, KEK, uncommitted)).toThrow('not the one that was committed to');
  });

  it('is refused in a format that is not known', () => {
    const sealed = sealContent(ROW, KEK, 'milk');
    expect(() => openContent({ ...ROW, formatVersion: 2 }, KEK, sealed)).toThrow(FormatUnknownError);
    expect(() => sealContent({ ...ROW, formatVersion: 0 }, KEK, 'milk')).toThrow(FormatUnknownError);
  });

  it('is not made from a text that would come back changed', () => {
    expect(() => sealContent(ROW, KEK, 'half a \ud83d')).toThrow(TypeError);
    const withMark = sealContent(ROW, KEK, '\ufeffmark');
    expect(openContent(ROW, KEK, withMark)).toBe('\ufeffmark');
  });

  it('moves to another KEK without being sealed again', () => {
    const newKek = Buffer.alloc(32, 9);
    const sealed = sealContent(ROW, KEK, 'milk');
    const rewrapped = rewrapContentKey(ROW, KEK, newKek, sealed);
    expect(rewrapped.sealedContent).toBe(sealed.sealedContent);
    expect(openContent(ROW, newKek, rewrapped)).toBe('milk');
    expect(() => openContent(ROW, KEK, rewrapped)).toThrow(WrappedKeyBrokenError);
    expect(() => rewrapContentKey(ROW, newKek, KEK, sealed)).toThrow(WrappedKeyBrokenError);
  });
});

describe('a sealed title', () => {
  it('opens to the title and the tags in their order', () => {
    fc.assert(
      fc.property(
        row,
        key,
        unicode,
        fc.array(unicode, { maxLength: 5 }),
        (binding, titleKey, title, tags) => {
          const sealed = sealTitle(binding, titleKey, { title, tags });
          expect(openTitle(binding, titleKey, sealed)).toEqual({ title, tags });
        },
      ),
    );
  });

  it('is refused with any bit flipped, and under another key', () => {
    const sealed = sealTitle(ROW, KEYS.titleKey, TITLE);
    for (const flipped of flips(sealed)) {
      expect(() => openTitle(ROW, KEYS.titleKey, flipped)).toThrow(SealBrokenError);
    }
    expect(() => openTitle(ROW, KEK, sealed)).toThrow(SealBrokenError);
  });

  it.each([
    ...MOVED,
    ...([
      ['another title revision', { titleRevision: 3 }],
      ['the key commitment of another content', { keyCommitment: commitToKey(Buffer.alloc(32)) }],
      ['a key commitment that was cut', { keyCommitment: ROW.keyCommitment.subarray(1) }],
      ['no key commitment', { keyCommitment: Buffer.alloc(0) }],
    ] satisfies typeof MOVED),
  ])('is refused under %s', (_where, change) => {
    const sealed = sealTitle(ROW, KEYS.titleKey, TITLE);
    expect(() => openTitle({ ...ROW, ...change }, KEYS.titleKey, sealed)).toThrow(SealBrokenError);
  });

  it('uncovers an older content that was put back together with its older revision', () => {
    const older: TitleBinding = { ...ROW, contentRevision: 1, titleRevision: 1 };
    const olderContent = sealContent(older, KEK, 'old');
    const currentTitle = sealTitle(ROW, KEYS.titleKey, TITLE);

    const forged: TitleBinding = { ...ROW, contentRevision: 1 };
    expect(openContent(forged, KEK, olderContent)).toBe('old');
    expect(() => openTitle(forged, KEYS.titleKey, currentTitle)).toThrow(SealBrokenError);
  });

  it('uncovers another content of the very same revision', () => {
    const one = sealContent(ROW, KEK, 'account of A');
    const other = sealContent(ROW, KEK, 'account of B');
    const title = sealTitle({ ...ROW, keyCommitment: other.keyCommitment }, KEYS.titleKey, TITLE);

    expect(openContent(ROW, KEK, one)).toBe('account of A');
    const forged: TitleBinding = { ...ROW, keyCommitment: one.keyCommitment };
    expect(() => openTitle(forged, KEYS.titleKey, title)).toThrow(SealBrokenError);
  });

  it('stays above a content whose data key was rewrapped', () => {
    const content = sealContent(ROW, KEK, 'milk');
    const sealed = sealTitle({ ...ROW, keyCommitment: content.keyCommitment }, KEYS.titleKey, TITLE);
    const { keyCommitment } = rewrapContentKey(ROW, KEK, Buffer.alloc(32, 9), content);
    expect(openTitle({ ...ROW, keyCommitment }, KEYS.titleKey, sealed)).toEqual(TITLE);
  });

  it('is refused in a format that is not known', () => {
    const sealed = sealTitle(ROW, KEYS.titleKey, TITLE);
    expect(() => openTitle({ ...ROW, formatVersion: 2 }, KEYS.titleKey, sealed)).toThrow(FormatUnknownError);
  });
});

describe('a user key', () => {
  const NEW = `k2:${Buffer.alloc(32, 2).toString('base64')}`;
  const OLD = `k1:${Buffer.alloc(32, 1).toString('base64')}`;
  const oldRing = parseKeyRing('APP_ENCRYPTION_KEY', OLD);
  const bothRing = parseKeyRing('APP_ENCRYPTION_KEY', `${NEW},${OLD}`);
  const newRing = parseKeyRing('APP_ENCRYPTION_KEY', NEW);
  const userKey = createUserKey();
  const wrapped = wrapUserKey(oldRing.current, 7, userKey);

  it('is drawn anew for each user', () => {
    expect(userKey).toHaveLength(32);
    expect(createUserKey()).not.toEqual(userKey);
  });

  it('goes through a rotation of the app key unchanged, with its commitment', () => {
    expect(unwrapUserKey(bothRing, 7, wrapped)).toEqual(userKey);
    const rewrapped = wrapUserKey(bothRing.current, 7, unwrapUserKey(bothRing, 7, wrapped));
    expect(rewrapped.keyId).toBe('k2');
    expect(rewrapped.keyCommitment).toEqual(wrapped.keyCommitment);
    expect(unwrapUserKey(newRing, 7, rewrapped)).toEqual(userKey);
  });

  it('is refused for another user, with any bit flipped, or by a ring without its entry', () => {
    expect(() => unwrapUserKey(oldRing, 8, wrapped)).toThrow(SealBrokenError);
    for (const flipped of flips(wrapped.wrappedKey)) {
      expect(() => unwrapUserKey(oldRing, 7, { ...wrapped, wrappedKey: flipped })).toThrow(SealBrokenError);
    }
    for (const flipped of flips(wrapped.keyCommitment)) {
      expect(() => unwrapUserKey(oldRing, 7, { ...wrapped, keyCommitment: flipped })).toThrow(
        SealBrokenError,
      );
    }
    expect(() => unwrapUserKey(bothRing, 7, { ...wrapped, keyId: 'k2' })).toThrow(SealBrokenError);
    expect(() => unwrapUserKey(newRing, 7, wrapped)).toThrow(KeyUnknownError);
  });

  it('gives each purpose its own key', () => {
    const { contentKek, titleKey, tagIndexKey } = deriveNoteKeys(userKey);
    const all = [userKey, contentKek, titleKey, tagIndexKey].map((bytes) => bytes.toString('hex'));
    expect(new Set(all).size).toBe(4);
  });
});

describe('the tag index', () => {
  it.each([
    ['Work', 'WORK'],
    ['straße', 'STRASSE'],
    ['e\u0301te\u0301', 'ÉTÉ'],
    ['ΟΔΟΣ', 'οδος'],
    ['ſenf', 'Senf'],
  ])('finds %p by %p', (tag, asked) => {
    expect(indexTag(KEYS.tagIndexKey, asked)).toEqual(indexTag(KEYS.tagIndexKey, tag));
  });

  it('keeps different tags and different users apart', () => {
    const index = indexTag(KEYS.tagIndexKey, 'work');
    expect(index).toHaveLength(32);
    expect(indexTag(KEYS.tagIndexKey, 'works')).not.toEqual(index);
    expect(indexTag(deriveNoteKeys(Buffer.alloc(32, 0x12)).tagIndexKey, 'work')).not.toEqual(index);
  });
});
