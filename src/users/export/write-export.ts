import type { ExportedAccount, ExportSection } from './account-export.js';

/** What is gathered of small items before it is sent. */
const CHUNK_CHARACTERS = 16_384;

/**
 * The sections of an account as one JSON object, in pieces: `head`, then each section under its name. Nothing but the
 * piece that is being written is held in memory, and nothing is read before the pieces so far were taken.
 */
export async function* writeExport(
  head: Readonly<Record<string, unknown>>,
  sections: readonly ExportSection[],
  account: ExportedAccount,
): AsyncGenerator<string> {
  let piece = JSON.stringify(head).slice(0, -1);
  for (const section of sections) {
    piece += `,\n${JSON.stringify(section.name)}:[`;
    let separator = '\n';
    for await (const item of section.items(account)) {
      piece += separator + JSON.stringify(item);
      separator = ',\n';
      if (piece.length < CHUNK_CHARACTERS) continue;
      yield piece;
      piece = '';
    }
    piece += ']';
  }
  yield `${piece}}\n`;
}
