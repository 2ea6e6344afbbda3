import { defineSearchAttributeKey } from '@temporalio/common';
import { SEARCH_ATTRIBUTES } from '../contracts/search-attributes.ts';

/** The search attributes that the adapters set when they start a workflow, or read from a description. */
export const TASK_ID = defineSearchAttributeKey(SEARCH_ATTRIBUTES.taskId, 'KEYWORD');
export const STAGE = defineSearchAttributeKey(SEARCH_ATTRIBUTES.stage, 'KEYWORD');
export const PROVIDER = defineSearchAttributeKey(SEARCH_ATTRIBUTES.provider, 'KEYWORD');
export const OUTCOME = defineSearchAttributeKey(SEARCH_ATTRIBUTES.outcome, 'KEYWORD');
export const KEY = defineSearchAttributeKey(SEARCH_ATTRIBUTES.key, 'KEYWORD');
export const SUBMITTED_AT = defineSearchAttributeKey(SEARCH_ATTRIBUTES.submittedAt, 'DATETIME');
