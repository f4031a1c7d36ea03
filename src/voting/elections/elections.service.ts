import { Injectable } from '@nestjs/common';
import { DatabaseReplacement } from '../../common/database-replacement.js';
import { ElectionNotFoundError, ResultsNotAvailableError } from '../voting.errors.js';
import type { Election } from './election.entity.js';
import { ElectionsRepository } from './elections.repository.js';

/** Elections: which there are, and what their configuration allows. */
@Injectable()
export class ElectionsService {
  private defaultId: number | undefined;

  constructor(
    private readonly elections: ElectionsRepository,
    replacement: DatabaseReplacement,
  ) {
    replacement.register(() => {
      this.defaultId = undefined;
    });
  }

  /** The id that a request means when it names no election. A migration makes this election and nothing removes it. */
  async idOrDefault(id: number | undefined): Promise<number> {
    if (id !== undefined) return id;
    this.defaultId ??= (await this.elections.findDefault()).id;
    return this.defaultId;
  }

  /** @throws ElectionNotFoundError */
  async get(id: number | undefined): Promise<Election> {
    const election = await this.elections.findById(await this.idOrDefault(id));
    if (!election) throw new ElectionNotFoundError();
    return election;
  }

  /**
   * An election whose counts may be seen now.
   * @throws ElectionNotFoundError
   * @throws ResultsNotAvailableError before publication, unless its results are live
   */
  async getWithVisibleResults(id: number | undefined): Promise<Election> {
    const election = await this.get(id);
    if (election.resultsPolicy !== 'live' && election.state !== 'published')
      throw new ResultsNotAvailableError();
    return election;
  }
}
