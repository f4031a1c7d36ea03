import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { NoteTitle } from './seal-title.js';
import type { TitleBinding } from './note-binding.js';

interface NoteVector {
  name: string;
  binding: Omit<TitleBinding, 'keyCommitment'>;
  content: string;
  title: NoteTitle;
  kek: string;
  dataKey: string;
  wrapNonce: string;
  contentNonce: string;
  titleNonce: string;
  keyId: string;
  wrappedKey: string;
  keyCommitment: string;
  sealedContent: string;
  sealedTitle: string;
}
interface Vectors {
  keyRing: string;
  userKey: {
    keyId: string;
    ownerId: number;
    userKey: string;
    nonce: string;
    wrappedKey: string;
    keyCommitment: string;
    noteKeys: { contentKek: string; titleKey: string; tagIndexKey: string };
  };
  personalKey: { password: string; name: string; iterations: number; salt: string; key: string };
  notes: NoteVector[];
  tagIndex: { tag: string; index: string }[];
  canary: { nonce: string; sealed: string };
  passphrase: { variableName: string; passphrase: string; id: string; key: string };
}

const url = new URL('../../../test/vectors/note-format-v1.json', import.meta.url);
const vectors = JSON.parse(readFileSync(url, 'utf8')) as Vectors;
const hex = (text: string): Buffer => Buffer.from(text, 'hex');

// The vectors' keys and nonces, in the order in which they are drawn, take the place of random ones. The
// functions themselves have no way in for a nonce.
let drawn: Buffer[] = [];
jest.unstable_mockModule('../draw-random.js', () => ({
  drawRandom: (length: number): Buffer => {
    const next = drawn.shift();
    if (next?.length !== length) throw new Error(`${length} random bytes were not foreseen.`);
    return next;
  },
}));
const { makeCanary, openCanary } = await import('../canary.js');
const { derivePasswordKey } = await import('../derive-password-key.js');
const { parseKeyRing } = await import('../parse-key-ring.js');
const { deriveNoteKeys } = await import('./derive-note-keys.js');
const { indexTag } = await import('./index-tag.js');
const { openContent } = await import('./open-content.js');
const { openTitle } = await import('./open-title.js');
const { sealContent } = await import('./seal-content.js');
const { sealTitle } = await import('./seal-title.js');
const { unwrapUserKey } = await import('./unwrap-user-key.js');
const { wrapUserKey } = await import('./wrap-user-key.js');

const ring = parseKeyRing('APP_ENCRYPTION_KEY', vectors.keyRing);
const noteKeys = deriveNoteKeys(hex(vectors.userKey.userKey));

beforeEach(() => {
  drawn = [];
});

describe('format v1 stays readable, and is written as it always was', () => {
  it.each(vectors.notes)('content of the note "$name"', (note) => {
    const sealed = {
      keyId: note.keyId,
      wrappedKey: hex(note.wrappedKey),
      keyCommitment: hex(note.keyCommitment),
      sealedContent: hex(note.sealedContent),
    };
    expect(openContent(note.binding, hex(note.kek), sealed)).toBe(note.content);

    drawn = [hex(note.dataKey), hex(note.wrapNonce), hex(note.contentNonce)];
    expect(sealContent(note.binding, hex(note.kek), note.content)).toEqual(sealed);
    expect(drawn).toEqual([]);
  });

  it.each(vectors.notes)('title and tags of the note "$name"', (note) => {
    const binding = { ...note.binding, keyCommitment: hex(note.keyCommitment) };
    expect(openTitle(binding, noteKeys.titleKey, hex(note.sealedTitle))).toEqual(note.title);

    drawn = [hex(note.titleNonce)];
    const sealed = sealTitle(binding, noteKeys.titleKey, note.title);
    expect(sealed.toString('hex')).toBe(note.sealedTitle);
  });

  it('user key and what is derived from it', () => {
    const { keyId, ownerId, userKey, nonce, wrappedKey, keyCommitment } = vectors.userKey;
    const wrapped = { keyId, wrappedKey: hex(wrappedKey), keyCommitment: hex(keyCommitment) };
    expect(unwrapUserKey(ring, ownerId, wrapped)).toEqual(hex(userKey));

    drawn = [hex(nonce)];
    expect(wrapUserKey(ring.current, ownerId, hex(userKey))).toEqual(wrapped);

    expect(noteKeys.contentKek.toString('hex')).toBe(vectors.userKey.noteKeys.contentKek);
    expect(noteKeys.titleKey.toString('hex')).toBe(vectors.userKey.noteKeys.titleKey);
    expect(noteKeys.tagIndexKey.toString('hex')).toBe(vectors.userKey.noteKeys.tagIndexKey);
  });

  it('key of a note password', async () => {
    const { password, name, iterations, salt, key } = vectors.personalKey;
    const derived = await derivePasswordKey(password, { name, iterations, salt: hex(salt) });
    expect(derived.toString('hex')).toBe(key);
  });

  it.each(vectors.tagIndex)('index of the tag $tag', ({ tag, index }) => {
    expect(indexTag(noteKeys.tagIndexKey, tag).toString('hex')).toBe(index);
  });

  it('canary', () => {
    expect(openCanary(ring.current, hex(vectors.canary.sealed))).toBe(true);
    drawn = [hex(vectors.canary.nonce)];
    expect(makeCanary(ring.current).toString('hex')).toBe(vectors.canary.sealed);
  });

  it('key and id of a passphrase', () => {
    const { variableName, passphrase, id, key } = vectors.passphrase;
    const { current } = parseKeyRing(variableName, passphrase);
    expect(current.id).toBe(id);
    expect(current.key.export().toString('hex')).toBe(key);
  });
});
