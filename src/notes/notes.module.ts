import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { KeysModule } from '../keys/keys.module.js';
import { UsersModule } from '../users/users.module.js';
import { ExportNotesService } from './export-notes.service.js';
import { ListNotesService } from './list-notes.service.js';
import { NoteMetrics } from './note-metrics.js';
import { NotePasswordAttempts } from './note-password-attempts.entity.js';
import { NotePasswordsRepository } from './note-passwords.repository.js';
import { NotePasswordsService } from './note-passwords.service.js';
import { Note } from './note.entity.js';
import { NotesController } from './notes.controller.js';
import { NotesRepository } from './notes.repository.js';
import { NotesService } from './notes.service.js';
import { OwnNotesRepository } from './own-notes.repository.js';
import { PatchNoteService } from './patch-note.service.js';
import { UserKey } from './user-key.entity.js';
import { UserKeysRepository } from './user-keys.repository.js';
import { UserKeysService } from './user-keys.service.js';

@Module({
  imports: [KeysModule, UsersModule, TypeOrmModule.forFeature([Note, UserKey, NotePasswordAttempts])],
  controllers: [NotesController],
  providers: [
    NotesRepository,
    OwnNotesRepository,
    ExportNotesService,
    NotePasswordsRepository,
    UserKeysRepository,
    NotesService,
    ListNotesService,
    PatchNoteService,
    NoteMetrics,
    NotePasswordsService,
    UserKeysService,
  ],
  exports: [NotesService],
})
export class NotesModule {}
