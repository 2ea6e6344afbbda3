/**
 * Work that is done for several inputs at once. Calls of the same turn of the event loop go together, at most `most()` of
 * them, in their order; groups run one after the other. What fails for a group is tried for each of its inputs alone, so
 * that one bad input fails for itself.
 */
export function runTogether<Input, Result>(
  work: (inputs: Input[]) => Promise<Result[]>,
  most: () => number,
): (input: Input) => Promise<Result> {
  const waiting: { input: Input; resolve(result: Result): void; reject(error: unknown): void }[] = [];
  let running = false;

  const runAll = async () => {
    // Whoever calls in this turn gets in.
    await Promise.resolve();
    while (waiting.length > 0) {
      const group = waiting.splice(0, Math.max(1, most()));
      try {
        const results = await work(group.map(({ input }) => input));
        group.forEach(({ resolve }, at) => {
          resolve(results[at]!);
        });
      } catch (error) {
        if (group.length === 1) {
          group[0]!.reject(error);
        } else {
          for (const { input, resolve, reject } of group) {
            await work([input]).then(([result]) => resolve(result!), reject);
          }
        }
      }
    }
    running = false;
  };

  return (input) =>
    new Promise((resolve, reject) => {
      waiting.push({ input, resolve, reject });
      if (!running) {
        running = true;
        void runAll();
      }
    });
}
