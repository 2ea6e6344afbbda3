import { expect, it } from 'vitest';
import { type ProducerVersions, videoFacts } from '../../src/activities/producer-versions.ts';
import type { JobInput, StoredObject } from '../../src/contracts/schemas/job.ts';
import type { JobOptions } from '../../src/contracts/schemas/job-options.ts';
import { JOB_OPTIONS } from '../harness/job-options.ts';

const MAKERS: ProducerVersions = {
  detector: 'detector 1',
  matting: 'matting 1',
  videos: { local: 'renderer 1' },
};

function factsOf(
  options: Partial<JobOptions> = {},
  makers: Partial<ProducerVersions> = {},
): object | undefined {
  const object = (key: string): StoredObject => ({ key, bytes: 1, sha256: key.repeat(64) });
  const job: Pick<JobInput, 'image' | 'audio' | 'options'> = {
    image: object('a'),
    audio: object('b'),
    options: { ...JOB_OPTIONS, ...options },
  };
  return videoFacts({ ...MAKERS, ...makers }, job);
}

it('are the same for jobs whose options make the same video', () => {
  const same: Partial<JobOptions> = {
    deadline_s: 1,
    priority: 1,
    on_outage: 'fail',
    cache: 'use',
    retention_days: 1,
    retry_window_s: 0,
  };
  expect(factsOf(same)).toEqual(factsOf());
});

it.each<[string, Partial<JobOptions>, Partial<ProducerVersions>]>([
  ['person', { persons: 2 }, {}],
  ['background', { background: 'blur' }, {}],
  ['detector', {}, { detector: 'detector 2' }],
  ['matting', {}, { matting: 'matting 2' }],
  ['renderer', {}, { videos: { local: 'renderer 2' } }],
])('makes another one of another %s', (_, options, makers) => {
  expect(factsOf(options, makers)).not.toEqual(factsOf());
});

it('do not cache videos of an unchosen person or an unknown producer', () => {
  expect(factsOf({ persons: 'ask' })).toBeUndefined();
  expect(factsOf({ provider: 'd-id' })).toBeUndefined();
  expect(factsOf({}, { videos: {} })).toBeUndefined();
});
