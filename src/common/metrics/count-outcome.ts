import { toErrorAnswer } from '../errors/error-answer.js';

/**
 * Tells how a piece of work ended: by the name of its result (`success`), or the code of the error that is answered, in lower case. Which codes
 * there are is fixed, so that a label may hold it.
 * @returns what the work returned @throws what it threw
 */
export async function countOutcome<T>(
  count: (outcome: string) => void,
  work: Promise<T>,
  nameOf: (result: T) => string = () => 'success',
): Promise<T> {
  try {
    const result = await work;
    count(nameOf(result));
    return result;
  } catch (error) {
    count(toErrorAnswer(error, '').body.error.code.toLowerCase());
    throw error;
  }
}
