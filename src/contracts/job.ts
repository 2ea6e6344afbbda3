/** What a job does while its provider is down: wait until its deadline, use the built-in renderer, or fail. */
export const OUTAGE_CHOICES = ['wait', 'local', 'fail'] as const;
export type OutageChoice = (typeof OUTAGE_CHOICES)[number];

/** When a job sends webhooks: only at its end, or at each stage. */
export const WEBHOOK_EVENTS = ['end', 'all'] as const;

/** The neutral grey behind the person if a submission names no background. */
export const DEFAULT_BACKGROUND = '#e8e8ea';

/** From 1 (first) to 5 (last). Only some API keys may submit tasks that overtake those of others. */
export const NORMAL_PRIORITY = 3;

/** `no-store` neither reads the content cache nor leaves anything in it. */
export const CACHE_CHOICES = ['use', 'no-store'] as const;
