import { defineSearchAttributeKey } from '@temporalio/common';
import { SEARCH_ATTRIBUTES } from '../contracts/search-attributes.ts';

/** The search attributes that workflows set. Lists, statistics and Temporal's Web UI filter by them. */
export const STAGE = defineSearchAttributeKey(SEARCH_ATTRIBUTES.stage, 'KEYWORD');
export const OUTCOME = defineSearchAttributeKey(SEARCH_ATTRIBUTES.outcome, 'KEYWORD');
export const ERROR = defineSearchAttributeKey(SEARCH_ATTRIBUTES.error, 'KEYWORD');
export const TASK_ID = defineSearchAttributeKey(SEARCH_ATTRIBUTES.taskId, 'KEYWORD');
export const KEY = defineSearchAttributeKey(SEARCH_ATTRIBUTES.key, 'KEYWORD');
export const SUBMITTED_AT = defineSearchAttributeKey(SEARCH_ATTRIBUTES.submittedAt, 'DATETIME');
