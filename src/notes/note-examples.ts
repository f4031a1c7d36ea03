import type { CreateNoteRequest, PatchNoteRequest } from './notes.dto.js';

type Examples<Body> = Record<string, { summary: string; value: Body }>;

/** The password of the personal notes in the documentation. */
export const NOTE_PASSWORD = 'correct horse battery staple';

export const CREATE_EXAMPLES: Examples<CreateNoteRequest> = {
  app: {
    summary: 'A note',
    value: { title: 'Packing list', content: 'Passport, tickets, the good pen.', tags: ['travel', 'ideas'] },
  },
  personal: {
    summary: 'A note that only its password opens',
    value: {
      title: 'Packing list',
      content: 'Passport, tickets, the good pen.',
      personal_encryption: true,
      password: NOTE_PASSWORD,
      tags: ['travel'],
    },
  },
};

export const PATCH_EXAMPLES: Examples<PatchNoteRequest> = {
  app: {
    summary: 'Another text',
    value: { title: 'Packing list, final', content: 'Passport, tickets.', tags: ['travel'] },
  },
  makePersonal: {
    summary: 'A note becomes personal',
    value: { personal_encryption: true, password: NOTE_PASSWORD },
  },
  personal: {
    summary: 'Another text for a personal note',
    value: { content: 'Passport, tickets.', password: NOTE_PASSWORD },
  },
  newPassword: {
    summary: 'Another password for a personal note',
    value: { password: NOTE_PASSWORD, new_password: 'seven lanterns over a quiet harbour' },
  },
  makeApp: {
    summary: 'A personal note becomes one without a password',
    value: { personal_encryption: false, password: NOTE_PASSWORD },
  },
};
