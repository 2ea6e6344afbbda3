import { RETRY_POINTS, type RetryPoint } from '../../contracts/retry.ts';
import type { Resume } from '../../contracts/schemas/job.ts';

/** The results of the steps that a job has completed. A job that is retried takes them over and does not repeat the steps. */
export class CompletedSteps {
  readonly #results = new Map<RetryPoint, unknown>();

  constructor(resume: Resume | undefined) {
    if (resume) {
      for (const point of RETRY_POINTS.slice(0, RETRY_POINTS.indexOf(resume.from))) {
        this.#results.set(point, resume.steps[point]);
      }
    }
  }

  /** Returns the result of the step if it is known. Otherwise runs it. */
  async once<T>(point: RetryPoint, step: () => Promise<T>): Promise<T> {
    if (!this.#results.has(point)) {
      this.#results.set(point, await step());
    }
    return this.#results.get(point) as T;
  }

  has(point: RetryPoint): boolean {
    return this.#results.has(point);
  }

  /** Where a retry can begin: at the first step that is not completed, or at any step before it. */
  get retryPoints(): RetryPoint[] {
    return RETRY_POINTS.slice(0, this.#results.size + 1);
  }

  get results(): Resume['steps'] {
    return Object.fromEntries(this.#results);
  }
}
