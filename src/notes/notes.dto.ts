import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsOptional } from 'class-validator';
import { EmptyIsAbsent } from '../common/http/empty-is-absent.decorator.js';
import { IfGiven } from '../common/http/if-given.decorator.js';
import { PagingQuery } from '../common/http/paging.dto.js';
import { IsText } from '../common/http/text.decorator.js';
import {
  IsNewNotePassword,
  IsNoteContent,
  IsNotePassword,
  IsNoteTags,
  IsNoteTitle,
} from './note-fields.decorator.js';
import { MAX_TAG, MAX_TITLE } from './note-limits.js';

const IsTrueOrFalse = () => IsBoolean({ message: 'must be true or false' });

export class CreateNoteRequest {
  /**
   * 1 to 200 characters.
   * @example "Packing list"
   */
  @IsNoteTitle()
  title!: string;

  /**
   * Up to 1,048,576 bytes of UTF-8; may be empty.
   * @example "Passport, tickets, the good pen."
   */
  @IsNoteContent()
  content!: string;

  /** True: only whoever knows `password` can read the content. Title and tags stay readable to the service. */
  @IfGiven()
  @IsTrueOrFalse()
  @ApiProperty({ default: false, example: false })
  personal_encryption?: boolean;

  /**
   * 8 to 256 characters; needed with `personal_encryption`, refused without. It is stored nowhere: if lost, so is the
   * content.
   * @example "correct horse battery staple"
   */
  @IfGiven()
  @IsNewNotePassword()
  password?: string;

  /** At most 20, of 1 to 50 characters; of two that differ only in case, the first is kept. */
  @IfGiven()
  @IsNoteTags()
  tags?: string[];
}

/** What is left out stays as it is. */
export class PatchNoteRequest {
  /** @example "Packing list, final" */
  @IfGiven()
  @IsNoteTitle()
  title?: string;

  /**
   * Replaces the content. For a personal note `password` is needed too.
   * @example "Passport, tickets."
   */
  @IfGiven()
  @IsNoteContent()
  content?: string;

  /** Switches the mode; without `content` the stored content is encrypted anew. */
  @IfGiven()
  @IsTrueOrFalse()
  @ApiProperty({ example: true })
  personal_encryption?: boolean;

  /**
   * The password that a personal note has; for a note that becomes personal, the one that it gets.
   * @example "correct horse battery staple"
   */
  @IfGiven()
  @IsNotePassword()
  password?: string;

  /**
   * 8 to 256 characters: another password for a personal note.
   * @example "seven lanterns over a quiet harbour"
   */
  @IfGiven()
  @IsNewNotePassword()
  new_password?: string;

  /** Replaces all tags. */
  @IfGiven()
  @IsNoteTags()
  tags?: string[];
}

export class OpenNoteRequest {
  /**
   * The note's password. Ignored for a note that has none.
   * @example "correct horse battery staple"
   */
  @IsNotePassword()
  password!: string;
}

export class ReadNoteQuery {
  /** The note's password. It may end up in histories and logs of others: use POST …/open instead. */
  @IsOptional()
  @IsText({ min: 0, max: 1024 })
  @ApiProperty({ deprecated: true })
  password?: string;
}

export class ListNotesQuery extends PagingQuery {
  /**
   * A part of the title, in any case.
   * @example "packing"
   */
  @IsOptional()
  @EmptyIsAbsent()
  @IsText({ max: MAX_TITLE })
  q?: string;

  /**
   * Notes with this tag, in any case.
   * @example "travel"
   */
  @IsOptional()
  @EmptyIsAbsent()
  @IsText({ max: MAX_TAG })
  tag?: string;
}
