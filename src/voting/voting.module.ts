import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/audit.module.js';
import { UsersModule } from '../users/users.module.js';
import { Candidate } from './candidates/candidate.entity.js';
import { CandidatesController } from './candidates/candidates.controller.js';
import { CandidatesRepository } from './candidates/candidates.repository.js';
import { CandidatesService } from './candidates/candidates.service.js';
import { CastBallot } from './casting/ballot.entity.js';
import { CastVoteService } from './casting/cast-vote.service.js';
import { CastingController } from './casting/casting.controller.js';
import { CastingRepository } from './casting/casting.repository.js';
import { ExportParticipationsService } from './casting/export-participations.service.js';
import { Participation } from './casting/participation.entity.js';
import { ParticipationsRepository } from './casting/participations.repository.js';
import { CountsController } from './counts/counts.controller.js';
import { CountsRepository } from './counts/counts.repository.js';
import { CountsService } from './counts/counts.service.js';
import { Election } from './elections/election.entity.js';
import { ElectionsRepository } from './elections/elections.repository.js';
import { ElectionsService } from './elections/elections.service.js';

@Module({
  imports: [
    AuditModule,
    UsersModule,
    TypeOrmModule.forFeature([Election, Candidate, Participation, CastBallot]),
  ],
  controllers: [CandidatesController, CastingController, CountsController],
  providers: [
    ElectionsRepository,
    ElectionsService,
    CandidatesRepository,
    CandidatesService,
    CastingRepository,
    ParticipationsRepository,
    ExportParticipationsService,
    CastVoteService,
    CountsRepository,
    CountsService,
  ],
  exports: [CandidatesService, CastVoteService, CountsService],
})
export class VotingModule {}
