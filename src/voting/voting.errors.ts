import { AppError } from '../common/errors/app-error.js';

export class ElectionNotFoundError extends AppError {
  constructor() {
    super('ELECTION_NOT_FOUND', 'There is no such election.');
  }
}

export class CandidateNotFoundError extends AppError {
  constructor(message = 'There is no such candidate.') {
    super('CANDIDATE_NOT_FOUND', message);
  }
}

export class CandidateExistsError extends AppError {
  constructor() {
    super('CANDIDATE_EXISTS', 'This election has a candidate of this name already.');
  }
}

export class CandidateIdTakenError extends AppError {
  constructor(id: number) {
    super('CONFLICT', 'This candidate id is taken; choose another one or leave it out.', { details: { id } });
  }
}

export class CandidateHasVotesError extends AppError {
  constructor() {
    super('CANDIDATE_HAS_VOTES', 'Votes were cast for this candidate; withdraw it instead of deleting it.');
  }
}

export class CandidateWithdrawnError extends AppError {
  constructor() {
    super('CANDIDATE_WITHDRAWN', 'This candidate was withdrawn and takes no more votes.');
  }
}

export class AlreadyVotedError extends AppError {
  constructor() {
    super(
      'ALREADY_VOTED',
      'You have voted in this election already; a vote counts once and cannot be changed.',
    );
  }
}

export class ElectionNotOpenError extends AppError {
  constructor() {
    super('ELECTION_NOT_OPEN', 'This election takes no votes now.');
  }
}

export class NotEligibleError extends AppError {
  constructor() {
    super(
      'NOT_ELIGIBLE',
      'You may not vote in this election: it asks for a verified e-mail address or a place on its roll.',
    );
  }
}

export class ReceiptExistsError extends AppError {
  constructor() {
    super(
      'CONFLICT',
      'A ballot with this nonce was cast already; your vote was not. Vote again with a new nonce, or with none.',
    );
  }
}

export class ResultsNotAvailableError extends AppError {
  constructor() {
    super('RESULTS_NOT_AVAILABLE', 'The results of this election are not published yet.');
  }
}
