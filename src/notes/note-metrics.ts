import { Injectable } from '@nestjs/common';
import type { Counter } from 'prom-client';
import { countOutcome } from '../common/metrics/count-outcome.js';
import { Metrics } from '../common/metrics/metrics.js';

type NoteOperation = 'create' | 'read' | 'list' | 'change' | 'delete';

/** Counts what is done with notes, and how it ended. */
@Injectable()
export class NoteMetrics {
  private readonly operations: Counter<'operation' | 'outcome'>;

  constructor(metrics: Metrics) {
    this.operations = metrics.counter(
      'mc101_note_operations_total',
      'What was done with notes: create, read, list, change, delete; by outcome.',
      ['operation', 'outcome'],
    );
  }

  /** @returns what the work returned @throws what it threw */
  count<T>(operation: NoteOperation, work: Promise<T>): Promise<T> {
    return countOutcome((outcome) => {
      this.operations.inc({ operation, outcome });
    }, work);
  }
}
