import { describe, expect, it } from '@jest/globals';
import { parseKeyRing } from '../../crypto/parse-key-ring.js';
import { recoveryRing } from './recovery-ring.js';

const entry = (id: string, fill: string) => `${id}:${Buffer.alloc(32, fill).toString('base64')}`;
const ringOf = (...entries: string[]) => parseKeyRing('APP_ENCRYPTION_KEY', entries.join(','));
const file = (...entries: string[]) => ({ APP_ENCRYPTION_KEY: entries.join(',') });
const keyOf = (ring: ReturnType<typeof ringOf>, id: string) =>
  ring.find(id).key.export().toString('latin1')[0];

describe('the ring of a recovery file', () => {
  it('adds behind the configured keys those that only the file has, and names them', () => {
    const { ring, missing, differing } = recoveryRing(
      ringOf(entry('new', 'n'), entry('k1', 'a')),
      file(entry('k1', 'a'), entry('k0', 'z')),
    );
    expect(ring.ids).toEqual(['new', 'k1', 'k0']);
    expect(ring.current.id).toBe('new');
    expect(keyOf(ring, 'k0')).toBe('z');
    expect({ missing, differing }).toEqual({ missing: ['k0'], differing: [] });
  });

  it('reads with its own key where a new installation has drawn another under the same id', () => {
    const { ring, missing, differing } = recoveryRing(
      ringOf(entry('k1', 'n'), entry('k2', 'b')),
      file(entry('k1', 'a'), entry('k2', 'b')),
    );
    expect([keyOf(ring, 'k1'), keyOf(ring, 'k2')]).toEqual(['a', 'b']);
    expect(ring.current.key.equals(ring.find('k1').key)).toBe(true);
    expect({ missing, differing }).toEqual({ missing: [], differing: ['k1'] });
  });

  it('is refused where the file has no APP_ENCRYPTION_KEY', () => {
    expect(() => recoveryRing(ringOf(entry('k1', 'a')), {})).toThrow('holds no APP_ENCRYPTION_KEY');
  });
});
