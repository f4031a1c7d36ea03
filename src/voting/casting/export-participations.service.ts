import { Injectable } from '@nestjs/common';
import { AccountExport } from '../../users/export/account-export.js';
import { readInPages } from '../../users/export/read-in-pages.js';
import { ParticipationsRepository, type OwnParticipation } from './participations.repository.js';

/** In which elections somebody voted, for that person's export. The ballot itself is nobody's any more. */
@Injectable()
export class ExportParticipationsService {
  constructor(
    private readonly participations: ParticipationsRepository,
    accountExport: AccountExport,
  ) {
    accountExport.add({ name: 'participations', items: ({ voterKey }) => this.read(voterKey) });
  }

  private read(voterKey: string): AsyncIterable<OwnParticipation> {
    return readInPages((last, limit) => this.participations.listOf(voterKey, last?.election_id ?? 0, limit));
  }
}
