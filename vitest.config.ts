import { configDefaults, defineConfig } from 'vitest/config';

/** Files that need the machine for themselves: real processes under load, whose order, restarts and deadlines they test. */
const ALONE = [
  'test/integration/**',
  'test/chaos/**',
  'test/browser/**',
  'test/api/{events,many-readers,outage}.test.ts',
  'test/deploy/monitoring.test.ts',
];

const shared = {
  pool: 'forks' as const,
  testTimeout: 30_000,
  hookTimeout: 120_000,
};

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...shared,
          name: 'together',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...ALONE],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...shared,
          name: 'alone',
          include: ALONE.map((pattern) => pattern.replace('**', '**/*.test.ts')),
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
