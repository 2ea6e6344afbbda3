/**
 * Groups calls of the same turn of the event loop into batches of at most `maxBatch()`, in order, one batch after the
 * other. If a batch fails, each of its inputs is tried alone, so that a bad input fails only itself.
 */
export function runTogether<Input, Result>(
  work: (inputs: Input[]) => Promise<Result[]>,
  maxBatch: () => number,
): (input: Input) => Promise<Result> {
  const waiting: { input: Input; resolve(result: Result): void; reject(error: unknown): void }[] = [];
  let running = false;

  const runAll = async () => {
    // Wait for further calls of this turn.
    await Promise.resolve();
    while (waiting.length > 0) {
      const group = waiting.splice(0, Math.max(1, maxBatch()));
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
