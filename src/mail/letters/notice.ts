import type { Letter } from './letter.js';

/** When and from where something was done, as far as it is known. */
export interface NoticeOrigin {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly address?: string;
  /** In words of ours, never what the client called itself. */
  readonly device?: string;
  readonly place?: string;
}

/** What every notice tells beside what happened. */
export function originFacts({ at, address, device, place }: NoticeOrigin): NonNullable<Letter['facts']> {
  const known = [
    { label: 'When', value: inUtc(at) },
    { label: 'Address', value: address },
    { label: 'Device', value: device },
    { label: 'Place', value: place },
  ];
  return known.filter((fact): fact is { label: string; value: string } => fact.value !== undefined);
}

/** "2026-01-05 09:30 UTC": read alike everywhere. @param at ISO 8601, UTC */
export function inUtc(at: string): string {
  return `${at.slice(0, 10)} ${at.slice(11, 16)} UTC`;
}

/** For whoever did not do it themself: the password is known to somebody else. */
export const SET_ANOTHER_PASSWORD =
  'If it was not you, somebody else knows your password or has one of your devices: reset your password now. That ends every session.';
