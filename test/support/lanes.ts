/**
 * Works through `items` in so many lanes at once. Whatever runs in one lane runs one after the other, so a lane may have
 * things of its own that change.
 */
export async function inLanes<T>(
  lanes: number,
  items: readonly T[],
  work: (item: T, lane: number, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async (number: number) => {
    for (let index = next++; index < items.length; index = next++) await work(items[index]!, number, index);
  };
  await Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)));
}
