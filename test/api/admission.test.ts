import { describe, expect, it } from 'vitest';
import { createAdmission } from '../../src/api/submit/admission.ts';

const GB = 1e9;

function admissionWith({ freeGb, running }: { freeGb: number; running: number }) {
  const now = { freeGb, running, counts: 0 };
  const admission = createAdmission({
    assertStorage: async () => undefined,
    freeBytes: async () => now.freeGb * GB,
    async countRunning() {
      now.counts += 1;
      return now.running;
    },
    floorBytes: GB,
    jobBytes: 0.1 * GB,
  });
  return { admission, now };
}

describe('admission', () => {
  it('admits a job if there is disk space for the running jobs and one more', async () => {
    const { admission } = admissionWith({ freeGb: 2, running: 9 });
    using _ = await admission.admit();
  });

  it('otherwise refuses with 507, Retry-After and the figures', async () => {
    const { admission } = admissionWith({ freeGb: 2, running: 10 });

    await expect(admission.admit()).rejects.toMatchObject({
      code: 'STORAGE_FULL',
      status: 507,
      retryAfterMs: 60_000,
      message: expect.stringContaining(
        'of 2.0 GB free, 1.0 GB must stay free and 1.0 GB are reserved for 10 running tasks',
      ),
    });
  });

  it('counts concurrent submissions before and after they start', async () => {
    const { admission, now } = admissionWith({ freeGb: 2, running: 5 });

    const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => admission.admit()));

    const admitted = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    expect(admitted.length).toBeLessThanOrEqual(5);
    for (const room of admitted) {
      room[Symbol.dispose]();
      room[Symbol.dispose]();
    }
    // Temporal's count is from before.
    for (let left = 5 - admitted.length; left > 0; left--) (await admission.admit())[Symbol.dispose]();
    await expect(admission.admit()).rejects.toMatchObject({ code: 'STORAGE_FULL' });
    expect(now.counts).toBe(1);
  });

  it('admits jobs again after others have ended', async () => {
    const { admission, now } = admissionWith({ freeGb: 1.2, running: 3 });
    await expect(admission.admit()).rejects.toMatchObject({ code: 'STORAGE_FULL' });
    now.freeGb = 5;
    using _ = await admission.admit();
  });
});
