/** What a letter says, apart from how it looks. Plain text everywhere; the templates escape. */
export interface Letter {
  readonly subject: string;
  /** What mail programs show beside the subject: the point, without any code. */
  readonly preview: string;
  readonly paragraphs: readonly string[];
  /** Digits to type in. */
  readonly code?: string;
  readonly facts?: readonly { readonly label: string; readonly value: string }[];
  readonly action?: { readonly label: string; readonly url: string };
  /** Below the action: what else to know, and what to do if it was not them. */
  readonly closing?: readonly string[];
}

/** What letters may know of the service that sends them. */
export interface Sender {
  /** PUBLIC_URL, without a slash at its end. */
  readonly url: string;
}

/** "10 minutes", "1 hour", "7 days". @param seconds rounded to the largest unit that it is a multiple of, at least minutes */
export function inWords(seconds: number): string {
  const units = [
    [86_400, 'day'],
    [3_600, 'hour'],
  ] as const;
  const [size, unit] = units.find(([length]) => seconds >= length && seconds % length === 0) ?? [
    60,
    'minute',
  ];
  const count = Math.max(1, Math.round(seconds / size));
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
