import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Param,
  Patch,
  Post,
  Query,
  Res,
} from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiHeader, ApiOkResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { ApiAnswer } from '../common/http/api-answer.decorator.js';
import { ApiErrors } from '../common/http/api-errors.decorator.js';
import { CurrentUser } from '../common/http/current-user.decorator.js';
import { IdParam } from '../common/http/id-param.pipe.js';
import type { Principal } from '../common/http/principal.js';
import { ListNotesService } from './list-notes.service.js';
import { answerNote } from './note-answer.js';
import { NotePasswordHeader } from './note-password.decorator.js';
import { NotePage, NoteResponse } from './note.response.dto.js';
import { CREATE_EXAMPLES, NOTE_PASSWORD, PATCH_EXAMPLES } from './note-examples.js';
import {
  CreateNoteRequest,
  ListNotesQuery,
  OpenNoteRequest,
  PatchNoteRequest,
  ReadNoteQuery,
} from './notes.dto.js';
import { NotesService } from './notes.service.js';
import { PatchNoteService } from './patch-note.service.js';

const NoteId = () => Param('note_id', new IdParam('NOTE_NOT_FOUND', 'note'));
const ApiNoteId = () => ApiParam({ name: 'note_id', description: 'The id of the note.', example: 7 });
const Reply = () => Res({ passthrough: true });

/** What opening a note may be refused with. */
const OPENING = [
  'NOTE_NOT_FOUND',
  'NOTE_PASSWORD_REQUIRED',
  'NOTE_PASSWORD_INVALID',
  'RATE_LIMITED',
  'NOTE_UNREADABLE',
  'BUSY',
] as const;

const ETAG = {
  ETag: { description: 'For If-Match.', schema: { type: 'string' as const, example: '"7-3"' } },
};
const IfMatch = () =>
  ApiHeader({
    name: 'If-Match',
    required: false,
    description: 'Change only this revision: an ETag (weak forms fit too), a list of them, or *. Else 412.',
    schema: { type: 'string', example: '"7-3"' },
  });

@ApiTags('Notes')
@Controller('users/notes')
export class NotesController {
  constructor(
    private readonly notes: NotesService,
    private readonly lists: ListNotesService,
    private readonly patches: PatchNoteService,
  ) {}

  /** Writes a note. With `personal_encryption` only `password` opens its content again. */
  @ApiBody({ type: CreateNoteRequest, examples: CREATE_EXAMPLES })
  @ApiCreatedResponse({ type: NoteResponse, description: 'The new note.', headers: ETAG })
  @ApiErrors('NOTE_UNREADABLE', 'BUSY')
  @Post()
  create(
    @CurrentUser() { userId }: Principal,
    @Body() request: CreateNoteRequest,
    @Reply() reply: FastifyReply,
  ): Promise<NoteResponse> {
    return answerNote(reply, this.notes.create(userId, request));
  }

  /** Lists my notes without their contents, newest first. */
  @ApiAnswer('A page of notes.')
  @ApiErrors('NOTE_UNREADABLE')
  @Get()
  list(@CurrentUser() { userId }: Principal, @Query() query: ListNotesQuery): Promise<NotePage> {
    return this.lists.list(userId, query);
  }

  /** Reads a note. A personal one needs its password; POST …/open is the better way to give it. */
  @ApiNoteId()
  @ApiHeader({
    name: 'X-Note-Password',
    required: false,
    description: "A personal note's password, in printable ASCII.",
    schema: { type: 'string', example: 'correct horse battery staple' },
  })
  @ApiOkResponse({ type: NoteResponse, description: 'The note.', headers: ETAG })
  @ApiErrors(...OPENING)
  @Get(':note_id')
  read(
    @CurrentUser() { userId }: Principal,
    @NoteId() id: number,
    @NotePasswordHeader() password: string | undefined,
    @Query() query: ReadNoteQuery,
    @Reply() reply: FastifyReply,
  ): Promise<NoteResponse> {
    return answerNote(reply, this.notes.read(userId, id, password ?? (query.password || undefined)));
  }

  /** Opens a personal note with its password. A note without one is answered as it is. */
  @ApiNoteId()
  @ApiBody({
    type: OpenNoteRequest,
    examples: { password: { summary: 'Its password', value: { password: NOTE_PASSWORD } } },
  })
  @ApiOkResponse({ type: NoteResponse, description: 'The note with its content.', headers: ETAG })
  @ApiErrors(...OPENING)
  @HttpCode(200)
  @Post(':note_id/open')
  open(
    @CurrentUser() { userId }: Principal,
    @NoteId() id: number,
    @Body() { password }: OpenNoteRequest,
    @Reply() reply: FastifyReply,
  ): Promise<NoteResponse> {
    return answerNote(reply, this.notes.read(userId, id, password));
  }

  /** Changes a note: text, tags, mode, password. */
  @ApiNoteId()
  @IfMatch()
  @ApiBody({ type: PatchNoteRequest, examples: PATCH_EXAMPLES })
  @ApiOkResponse({ type: NoteResponse, description: 'The note as it is now.', headers: ETAG })
  @ApiErrors(...OPENING, 'PRECONDITION_FAILED', 'CONFLICT')
  @Patch(':note_id')
  patch(
    @CurrentUser() { userId }: Principal,
    @NoteId() id: number,
    @Body() changes: PatchNoteRequest,
    @Headers('if-match') ifMatch: string | undefined,
    @Reply() reply: FastifyReply,
  ): Promise<NoteResponse> {
    return answerNote(reply, this.patches.patch(userId, id, changes, ifMatch));
  }

  /** Deletes a note for good. */
  @ApiNoteId()
  @IfMatch()
  @ApiAnswer('The note is gone.')
  @ApiErrors('NOTE_NOT_FOUND', 'PRECONDITION_FAILED')
  @HttpCode(204)
  @Delete(':note_id')
  delete(
    @CurrentUser() { userId }: Principal,
    @NoteId() id: number,
    @Headers('if-match') ifMatch: string | undefined,
  ): Promise<void> {
    return this.notes.delete(userId, id, ifMatch);
  }
}
