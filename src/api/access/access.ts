import type { ApiKey } from '../../contracts/schemas/api-key.ts';
import { toNetworks } from '../../outbound/networks.ts';
import type { JobClient } from '../../ports/job-client.ts';
import type { TaskRecords } from '../../ports/task-records.ts';
import { createTaskOwners } from '../tasks/task-owners.ts';
import { createAnonymousAccess } from './anonymous-access.ts';
import type { GuardDeps } from './guard.ts';
import { createKeyring } from './keyring.ts';
import { createQuota, type Quota, type QuotaLimits } from './quota.ts';
import { createRateLimit, type RateRule } from './rate-limit.ts';

export interface AccessSettings {
  /** Whether clients on other machines may use a server that has no keys. */
  allowsAnonymousAccess: boolean;
  rate: RateRule;
  quota: QuotaLimits;
  /** Origins whose pages may use this API; `*` allows all. */
  corsOrigins: string[];
  /** Networks of proxies whose `X-Forwarded-For` is trusted. */
  trustedProxies: string[];
}

export interface Access extends GuardDeps {
  quota: Quota;
  corsOrigins: string[];
}

export interface AccessDeps {
  /** The address that the server listens on. */
  host: string;
  settings: AccessSettings;
  keys: { list(): Promise<ApiKey[]> };
  linkSecret: () => Promise<Buffer>;
  jobs: JobClient;
  records: TaskRecords;
  /** How long stored keys are cached. */
  keysMaxAgeMs?: number;
}

/** Everything that decides who may do what, and how often. */
export function createAccess({
  host,
  settings,
  keys,
  linkSecret,
  jobs,
  records,
  keysMaxAgeMs,
}: AccessDeps): Access {
  const { corsOrigins, allowsAnonymousAccess, rate, quota, trustedProxies } = settings;
  return {
    keyring: createKeyring({ keys, ...(keysMaxAgeMs !== undefined && { maxAgeMs: keysMaxAgeMs }) }),
    anonymousAccess: createAnonymousAccess({ host, allowsAnonymousAccess, corsOrigins }),
    linkSecret,
    findOwner: createTaskOwners({ jobs, records }),
    countRequest: createRateLimit(rate),
    trustedProxies: toNetworks(trustedProxies),
    quota: createQuota({ jobs, limits: quota }),
    corsOrigins,
  };
}
