import type { JobClient, JobDescription } from '../../../src/ports/job-client.ts';

/** A running job as Temporal describes it, with the given facts. */
export function describeJob(facts: Partial<JobDescription> = {}): JobDescription {
  return {
    memo: { fingerprint: '0', submittedAt: '2026-01-01T00:00:00.000Z', uploads: [], provider: 'local' },
    status: 'running',
    stage: 'DID_PROCESSING',
    activities: [],
    ...facts,
  };
}

/** A Temporal that answers as the test says. Every other call fails the test. */
export function fakeJobs(answers: Partial<JobClient>): JobClient {
  const unexpected = (name: keyof JobClient) => () =>
    Promise.reject(new Error(`This test expects no call of jobs.${name}()`));
  return {
    ping: unexpected('ping'),
    start: unexpected('start'),
    describe: unexpected('describe'),
    queuePlace: unexpected('queuePlace'),
    inFlight: unexpected('inFlight'),
    list: unexpected('list'),
    progress: unexpected('progress'),
    waitForChange: unexpected('waitForChange'),
    cancel: unexpected('cancel'),
    choosePerson: unexpected('choosePerson'),
    erase: unexpected('erase'),
    describeErasure: unexpected('describeErasure'),
    retry: unexpected('retry'),
    isRetried: unexpected('isRetried'),
    ...answers,
  };
}
