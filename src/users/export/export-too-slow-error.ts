/** Ends an export whose reader did not take it in time. For the log: the answer has begun by then. */
export class ExportTooSlowError extends Error {
  constructor() {
    super('The export was not taken in time.');
    this.name = 'ExportTooSlowError';
  }
}
