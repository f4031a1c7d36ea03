import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseKeyRing } from '../../crypto/parse-key-ring.js';
import { openRecoveryFile } from './open-recovery-file.js';
import { spellRing, summarizeRings } from './recovered-rings.js';
import { openRecoveryText, sealRecoveryFile } from './recovery-file.js';
import { writeSecretFile } from './write-secret-file.js';

const vectors = new URL('../../../test/vectors/recovery-file-v1.json', import.meta.url);
const { passphrase, plaintext, file } = JSON.parse(await readFile(vectors, 'utf8')) as {
  passphrase: string;
  plaintext: string;
  file: Record<string, unknown>;
};
const rings = JSON.parse(plaintext) as Record<string, string>;
const HEADER = { service: '0.1.0', createdAt: '2026-01-05T09:00:00.000Z' };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'mc101-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a recovery file', () => {
  it('made by the second implementation opens', async () => {
    const place = path.join(folder, 'known.json');
    await writeFile(place, JSON.stringify(file));
    expect(await openRecoveryFile(place, passphrase)).toEqual(rings);
  });

  it('gives back what was sealed, and shows no key', async () => {
    const text = await sealRecoveryFile(rings, passphrase, HEADER);
    expect(await openRecoveryText(text, passphrase, 'file')).toEqual(rings);
    for (const value of Object.values(rings)) expect(text).not.toContain(value.slice(-20));
  });

  it.each<[string, string]>([
    ['no JSON', '{'],
    ['other JSON', '{"format":"mc101-recovery-1"}'],
    ['another format', JSON.stringify({ ...file, format: 'mc101-recovery-2' })],
    ['an endless cost', JSON.stringify({ ...file, kdf: { ...(file['kdf'] as object), iterations: 1e9 } })],
  ])('with %s is called damaged', async (_, text) => {
    await expect(openRecoveryText(text, passphrase, 'the-file')).rejects.toThrow(/^the-file .* is damaged/);
  });

  it('with another passphrase, or changed, does not open, and says nothing of what is in it', async () => {
    const sentence = 'the-file does not open: the passphrase is another one, or the file was changed.';
    await expect(openRecoveryText(JSON.stringify(file), 'another', 'the-file')).rejects.toThrow(sentence);
    const changed = JSON.stringify({ ...file, service: '9.9.9' });
    await expect(openRecoveryText(changed, passphrase, 'the-file')).rejects.toThrow(sentence);
  });

  it('that is not there, or no file of keys at all, is refused by name', async () => {
    await expect(openRecoveryFile(path.join(folder, 'none'), passphrase)).rejects.toThrow(/none.*ENOENT/);
    await expect(openRecoveryFile(folder, passphrase)).rejects.toThrow(/EISDIR/);
    const huge = path.join(folder, 'huge');
    await writeFile(huge, Buffer.alloc(2 ** 21));
    await expect(openRecoveryFile(huge, passphrase)).rejects.toThrow('too large');
  });
});

describe('a file of secrets', () => {
  it('belongs to this user alone, and one that is there is not overwritten', async () => {
    const place = path.join(folder, 'keys.json');
    await writeSecretFile(place, 'first');
    expect((await stat(place)).mode & 0o777).toBe(0o600);
    await expect(writeSecretFile(place, 'second')).rejects.toThrow(/keys\.json exists already/);
    expect(await readFile(place, 'utf8')).toBe('first');
  });

  it('in a folder that is not there is refused in a sentence, and leaves nothing', async () => {
    await expect(writeSecretFile(path.join(folder, 'no', 'keys'), '')).rejects.toThrow(
      /ENOENT.*another place/,
    );
    expect(await readdir(folder)).not.toContain('no');
  });
});

describe('a ring in a recovery file', () => {
  it('is spelled as its variable takes it, also where that holds a passphrase', () => {
    const list = rings['APP_ENCRYPTION_KEY']!;
    expect(spellRing(parseKeyRing('APP_ENCRYPTION_KEY', list))).toBe(list);
    const stretched = parseKeyRing('TOKEN_PEPPER', 'a long and quiet passphrase');
    const again = parseKeyRing('TOKEN_PEPPER', spellRing(stretched));
    expect(again.ids).toEqual(stretched.ids);
    expect(again.current.key.equals(stretched.current.key)).toBe(true);
  });

  it('is summed up by ids, the writing one first', () => {
    expect(summarizeRings(rings)).toEqual([
      { name: 'APP_ENCRYPTION_KEY', ids: ['k2', 'k1'] },
      { name: 'TOKEN_PEPPER', ids: ['k1'] },
      { name: 'JWT_SECRET_KEY', ids: ['k1'] },
      { name: 'LOG_SIGNING_KEY', ids: ['k1'] },
    ]);
  });
});
