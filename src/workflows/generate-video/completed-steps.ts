import { RETRY_POINTS, type RetryPoint } from '../../contracts/retry.ts';
import type { Resume } from '../../contracts/schemas/job.ts';

/** What a job has done so far, by the point at which a retry would do it again: the job that goes on does not. */
export class Steps {
  readonly #done = new Map<RetryPoint, unknown>();

  constructor(resume: Resume | undefined) {
    if (resume) {
      for (const point of RETRY_POINTS.slice(0, RETRY_POINTS.indexOf(resume.from))) {
        this.#done.set(point, resume.steps[point]);
      }
    }
  }

  async once<T>(point: RetryPoint, work: () => Promise<T>): Promise<T> {
    if (!this.#done.has(point)) {
      this.#done.set(point, await work());
    }
    return this.#done.get(point) as T;
  }

  /** Where the job could go on: after all that is done, or earlier. */
  get points(): RetryPoint[] {
    return RETRY_POINTS.slice(0, this.#done.size + 1);
  }

  get done(): Resume['steps'] {
    return Object.fromEntries(this.#done);
  }
}
