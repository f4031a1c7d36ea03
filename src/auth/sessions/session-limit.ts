/**
 * How many live sessions one account has at most: a login past them ends the oldest. More than anybody has devices, and
 * few enough that one password, tried by a program that never logs out, cannot fill the table of sessions.
 */
export const MAX_SESSIONS = 100;
