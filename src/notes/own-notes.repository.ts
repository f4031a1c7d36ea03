import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { runPrepared, type Statement } from '../database/prepared.js';
import type { StoredNote } from './stored-note.js';

const MAX_NOTES = 100;
/** Of sealed contents together, but for the last one. */
const MAX_BYTES = 2 * 1_048_576;

/** How long a content is stands beside it, so that adding up reads none of them. */
const PAGE: Statement = {
  name: 'notes.page-of-export',
  text: `SELECT n.id, n.user_id AS "userId", n.format, n.mode, n.revision, n.title_revision AS "titleRevision",
                n.content_revision AS "contentRevision", n.sealed_title AS "sealedTitle", n.key_commitment AS "keyCommitment",
                n.created_at AS "createdAt", n.updated_at AS "updatedAt", n.key_id AS "keyId", n.kdf,
                n.kdf_iterations AS "kdfIterations", n.kdf_salt AS "kdfSalt", n.wrapped_key AS "wrappedKey",
                n.sealed_content AS "sealedContent"
         FROM (SELECT id, sum(bytes) OVER (ORDER BY id) - bytes AS bytes_before
               FROM (SELECT id, octet_length(sealed_content) AS bytes FROM notes
                     WHERE user_id = $1 AND id > $2 ORDER BY id LIMIT ${MAX_NOTES}) AS next) AS page
         JOIN notes n ON n.id = page.id
         WHERE page.bytes_before < ${MAX_BYTES} ORDER BY n.id`,
};

@Injectable()
export class OwnNotesRepository {
  constructor(private readonly dataSource: DataSource) {}

  /** The next notes whole, as many as fit into a few megabytes, at least one; none at the end. */
  listOldestFirst(userId: number, afterId: number): Promise<StoredNote[]> {
    return runPrepared<StoredNote>(this.dataSource, PAGE, [userId, afterId]);
  }
}
