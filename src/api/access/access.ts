import { toNetworks } from '../../outbound/networks.ts';
import type { JobClient } from '../../ports/job-client.ts';
import type { Keyring } from '../../ports/keyring.ts';
import type { TaskRecords } from '../../ports/task-records.ts';
import { createTaskOwners } from '../tasks/task-owners.ts';
import { createAnonymousAccess } from './anonymous-access.ts';
import { type Concurrency, type ConcurrencyLimits, createConcurrency } from './concurrency.ts';
import type { GuardDeps } from './guard.ts';
import { createQuota, type Quota, type QuotaLimits } from './quota.ts';
import { createRateLimit, type RateRule } from './rate-limit.ts';

export interface AccessSettings {
  /** Whether clients on other machines may use a server that has no keys. */
  allowsAnonymousAccess: boolean;
  rate: RateRule;
  quota: QuotaLimits;
  concurrency: ConcurrencyLimits;
  /** Origins whose pages may use this API; `*` allows all. */
  corsOrigins: string[];
  /** Networks of proxies whose `X-Forwarded-For` is trusted. */
  trustedProxies: string[];
}

export interface Access extends GuardDeps {
  quota: Quota;
  concurrency: Concurrency;
  corsOrigins: string[];
}

export interface AccessDeps {
  /** The address that the server listens on. */
  host: string;
  settings: AccessSettings;
  keyring: Keyring;
  linkSecret: () => Promise<Buffer>;
  jobs: JobClient;
  records: TaskRecords;
}

/** Everything that decides who may do what, and how often. */
export function createAccess({ host, settings, keyring, linkSecret, jobs, records }: AccessDeps): Access {
  const { corsOrigins, allowsAnonymousAccess, rate, quota, concurrency, trustedProxies } = settings;
  return {
    keyring,
    anonymousAccess: createAnonymousAccess({ host, allowsAnonymousAccess, corsOrigins }),
    linkSecret,
    findOwner: createTaskOwners({ jobs, records }),
    countRequest: createRateLimit(rate),
    trustedProxies: toNetworks(trustedProxies),
    quota: createQuota({ jobs, limits: quota }),
    concurrency: createConcurrency(concurrency),
    corsOrigins,
  };
}
