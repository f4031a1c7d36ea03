import type { FastifyReply } from 'fastify';
import { etagOf } from './etag.js';
import { toNoteResponse, type NoteResponse, type OpenedNote } from './note.response.dto.js';

/** Answers one note, with its revision as the ETag. */
export async function answerNote(reply: FastifyReply, opening: Promise<OpenedNote>): Promise<NoteResponse> {
  const note = await opening;
  void reply.header('etag', etagOf(note));
  return toNoteResponse(note);
}
