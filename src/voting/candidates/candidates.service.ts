import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import type { AuditEventType } from '../../audit/audit-event-types.js';
import { AuditService } from '../../audit/audit.service.js';
import { DatabaseReplacement } from '../../common/database-replacement.js';
import { decodeIdCursor, pageOf } from '../../common/http/cursor.js';
import { isForeignKeyViolation, isUniqueViolation } from '../../database/constraint-violation.js';
import { ElectionsService } from '../elections/elections.service.js';
import {
  CandidateExistsError,
  CandidateHasVotesError,
  CandidateIdTakenError,
  CandidateNotFoundError,
  ElectionNotFoundError,
} from '../voting.errors.js';
import type { Candidate } from './candidate.entity.js';
import {
  toCandidateDetailsResponse,
  toCandidateResponse,
  type CandidateDetailsResponse,
  type CandidatePage,
  type CandidateResponse,
} from './candidate.response.dto.js';
import type {
  CreateCandidateRequest,
  ListCandidatesQuery,
  UpdateCandidateRequest,
} from './candidates.dto.js';
import { CandidatesRepository, type NewCandidate } from './candidates.repository.js';
import { normalizeCandidateName } from './normalize-candidate-name.js';

/** Who stands in which election. Every rule here is a constraint of the database; this gives the refusals their names. */
@Injectable()
export class CandidatesService {
  /** Candidates never change their election, so a hint is only ever wrong for an id that was deleted and made anew. */
  private readonly electionHints = new Map<number, number>();

  constructor(
    private readonly candidates: CandidatesRepository,
    private readonly elections: ElectionsService,
    private readonly audit: AuditService,
    replacement: DatabaseReplacement,
  ) {
    replacement.register(() => {
      this.electionHints.clear();
    });
  }

  /**
   * @throws ElectionNotFoundError
   * @throws CandidateExistsError when the election has one of this name
   * @throws CandidateIdTakenError when the chosen id belongs to another
   */
  async create({
    name,
    party,
    id,
    election_id: electionId,
  }: CreateCandidateRequest): Promise<CandidateResponse> {
    const candidate = {
      electionId: await this.elections.idOrDefault(electionId),
      name,
      nameNormalized: normalizeCandidateName(name),
      party,
    };
    try {
      return await this.candidates.transaction(async (manager) => {
        const created =
          id === undefined
            ? await this.insertWithFreeId(manager, candidate)
            : await this.candidates.insertWithId(manager, id, candidate);
        if (!created) throw new CandidateIdTakenError(id ?? 0);
        await this.record('candidate_created', created, {}, manager);
        return toCandidateResponse(created);
      });
    } catch (error) {
      throw isForeignKeyViolation(error) ? new ElectionNotFoundError() : asNameConflict(error);
    }
  }

  /** @throws ElectionNotFoundError */
  async list({ limit, cursor, election_id: electionId }: ListCandidatesQuery): Promise<CandidatePage> {
    if (electionId !== undefined) await this.elections.get(electionId);
    const found = await this.candidates.list(electionId, decodeIdCursor(cursor), limit + 1);
    const { items, next_cursor } = pageOf(found, limit, ({ id }) => [id]);
    return { items: items.map(toCandidateDetailsResponse), next_cursor };
  }

  /** @throws CandidateNotFoundError */
  async get(id: number): Promise<CandidateDetailsResponse> {
    const candidate = await this.candidates.findById(id);
    if (!candidate) throw new CandidateNotFoundError();
    return toCandidateDetailsResponse(candidate);
  }

  /**
   * @throws CandidateNotFoundError
   * @throws CandidateExistsError when the election has another one of the new name
   */
  async update(
    id: number,
    { name, party, withdrawn }: UpdateCandidateRequest,
  ): Promise<CandidateDetailsResponse> {
    const nameNormalized = name === undefined ? undefined : normalizeCandidateName(name);
    try {
      return await this.candidates.transaction(async (manager) => {
        const candidate = await this.candidates.update(manager, id, {
          name,
          nameNormalized,
          party,
          withdrawn,
        });
        if (!candidate) throw new CandidateNotFoundError();
        const fields = Object.entries({ name, party }).flatMap(([field, value]) =>
          value === undefined ? [] : field,
        );
        if (fields.length > 0)
          await this.record('candidate_updated', candidate, { fields: fields.join() }, manager);
        if (withdrawn !== undefined)
          await this.record(
            withdrawn ? 'candidate_withdrawn' : 'candidate_reinstated',
            candidate,
            {},
            manager,
          );
        return toCandidateDetailsResponse(candidate);
      });
    } catch (error) {
      throw asNameConflict(error);
    }
  }

  /**
   * @throws CandidateNotFoundError
   * @throws CandidateHasVotesError
   */
  async delete(id: number): Promise<void> {
    try {
      await this.candidates.transaction(async (manager) => {
        if (!(await this.candidates.delete(manager, id))) throw new CandidateNotFoundError();
        await this.audit.record('candidate_deleted', { details: { candidate: id } }, manager);
      });
    } catch (error) {
      throw isForeignKeyViolation(error, 'ballots_candidate_fkey') ? new CandidateHasVotesError() : error;
    }
  }

  /** The election of a candidate as far as this process remembers: for a statement that checks it. */
  async hintElectionOf(id: number): Promise<number | undefined> {
    return this.electionHints.get(id) ?? this.lookUpElectionOf(id);
  }

  /** The election of a candidate as the database says now. */
  async lookUpElectionOf(id: number): Promise<number | undefined> {
    const candidate = await this.candidates.findById(id);
    // Only ids that exist get in, so that the map grows with the candidates and not with guesses.
    if (candidate) this.electionHints.set(id, candidate.electionId);
    else this.electionHints.delete(id);
    return candidate?.electionId;
  }

  /** Steps over chosen ids: each try takes the next number, so each chosen id costs one try, once. */
  private async insertWithFreeId(manager: EntityManager, candidate: NewCandidate): Promise<Candidate> {
    let created: Candidate | undefined;
    while (!created) created = await this.candidates.insertWithNextId(manager, candidate);
    return created;
  }

  private record(
    eventType: AuditEventType,
    { id, electionId }: Candidate,
    details: Record<string, string>,
    manager: EntityManager,
  ): Promise<void> {
    return this.audit.record(
      eventType,
      { details: { candidate: id, election: electionId, ...details } },
      manager,
    );
  }
}

function asNameConflict(error: unknown): unknown {
  return isUniqueViolation(error, 'candidates_election_id_name_key') ? new CandidateExistsError() : error;
}
