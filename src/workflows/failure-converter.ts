import { DefaultFailureConverter } from '@temporalio/common';

/** Puts the message and stack trace of a failure into a payload, which the codec encrypts. */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
