/** In characters, for a password that is set. One that is tried may be anything, and is then wrong. */
export const PASSWORD_MIN_LENGTH = 8;
export const PASSWORD_MAX_LENGTH = 128;
