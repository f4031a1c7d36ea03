/**
 * Reads a list to its end, a page at a time.
 * @param readPage reads at most `limit` items that stand behind `last`, or the first ones
 */
export async function* readInPages<Item>(
  readPage: (last: Item | undefined, limit: number) => Promise<Item[]>,
  limit = 200,
): AsyncGenerator<Item> {
  let last: Item | undefined;
  for (;;) {
    const page = await readPage(last, limit);
    yield* page;
    last = page.at(-1);
    if (page.length < limit) return;
  }
}
