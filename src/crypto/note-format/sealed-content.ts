import type { WrapBinding } from '../wrap-key.js';
import { contentFields, type ContentBinding } from './note-binding.js';

/** What the row keeps of a content; every part is needed to open it. */
export interface SealedContent {
  /** Which key wraps the data key: `user` (the owner's key) or `password` (the note's). */
  readonly keyId: string;
  /** The data key under that key, 60 bytes. */
  readonly wrappedKey: Buffer;
  /** The commitment to the data key, 32 bytes. */
  readonly keyCommitment: Buffer;
  /** nonce ‖ ciphertext ‖ tag: 28 bytes longer than the content's UTF-8. */
  readonly sealedContent: Buffer;
}

/** The binding of a content's wrapped data key: the content's own fields, `dek`, and the wrapping key's id. */
export function dataKeyBinding(binding: ContentBinding, keyId: string): WrapBinding {
  return { fields: [...contentFields(binding), 'dek'], kekId: keyId };
}
