/**
 * Every failure a caller can see, with the two facts that callers act on.
 * The key is the wire format (`ApplicationFailure.type`, `code` of a problem document, logs, metrics): add, never rename.
 * `retryable` refers to the activity that threw: whether the same call may succeed a little later.
 */
export const ERROR_CODES = {
  // Requests
  REQUEST_MALFORMED: { status: 400, retryable: false },
  INPUT_INVALID: { status: 422, retryable: false },
  UPLOAD_TOO_LARGE: { status: 413, retryable: false },
  UPLOAD_INCOMPLETE: { status: 400, retryable: false },
  MEDIA_UNSUPPORTED: { status: 415, retryable: false },
  MEDIA_UNDECODABLE: { status: 415, retryable: false },
  IMAGE_TOO_LARGE: { status: 413, retryable: false },
  IMAGE_TOO_SMALL: { status: 422, retryable: false },
  AUDIO_MISSING: { status: 422, retryable: false },
  AUDIO_SILENT: { status: 422, retryable: false },
  AUDIO_TOO_LONG: { status: 422, retryable: false },
  AUDIO_TOO_SHORT: { status: 422, retryable: false },
  IDEMPOTENCY_CONFLICT: { status: 422, retryable: false },
  RANGE_NOT_SATISFIABLE: { status: 416, retryable: false },
  ROUTE_NOT_FOUND: { status: 404, retryable: false },
  METHOD_NOT_ALLOWED: { status: 405, retryable: false },
  HEADERS_TOO_LARGE: { status: 431, retryable: false },
  UPGRADE_REQUIRED: { status: 426, retryable: false },
  /** Some part of an upload took too long. */
  UPLOAD_TIMEOUT: { status: 408, retryable: false },

  // API keys and limits
  KEY_REQUIRED: { status: 401, retryable: false },
  KEY_INVALID: { status: 401, retryable: false },
  KEY_SCOPE_MISSING: { status: 403, retryable: false },
  LINK_INVALID: { status: 403, retryable: false },
  LINK_EXPIRED: { status: 403, retryable: false },
  ORIGIN_REFUSED: { status: 403, retryable: false },
  RATE_EXCEEDED: { status: 429, retryable: false },
  QUOTA_EXCEEDED: { status: 429, retryable: false },

  // URLs that clients name
  URL_FORBIDDEN: { status: 422, retryable: false },
  URL_UNREACHABLE: { status: 422, retryable: false },
  DELIVERY_NOT_FOUND: { status: 404, retryable: false },

  // The content of the photo
  PERSON_NOT_FOUND: { status: 422, retryable: false },
  PERSON_CHOICE_INVALID: { status: 422, retryable: false },
  /** The task is not waiting for a choice, or no longer waiting. */
  PERSON_NOT_ASKED: { status: 409, retryable: false },
  FACE_NOT_FOUND: { status: 422, retryable: false },
  FACE_UNSUITABLE: { status: 422, retryable: false },

  // Tasks and their files
  TASK_NOT_FOUND: { status: 404, retryable: false },
  TASK_CANCELLED: { status: 409, retryable: false },
  TASK_RUNNING: { status: 409, retryable: false },
  TASK_ENDED: { status: 409, retryable: false },
  RETRY_IMPOSSIBLE: { status: 409, retryable: false },
  ERASE_UNDER_WAY: { status: 503, retryable: true },
  VIDEO_NOT_READY: { status: 409, retryable: false },
  VIDEO_UNPLAYABLE: { status: 502, retryable: true },
  DEADLINE_EXCEEDED: { status: 504, retryable: false },
  OBJECT_NOT_FOUND: { status: 404, retryable: false },
  OBJECT_EXISTS: { status: 409, retryable: false },
  OBJECT_KEY_INVALID: { status: 422, retryable: false },
  OBJECT_CORRUPT: { status: 500, retryable: false },
  RECORD_TOO_NEW: { status: 500, retryable: false },
  STORAGE_FULL: { status: 507, retryable: true },
  STORAGE_UNAVAILABLE: { status: 503, retryable: true },

  // The machine
  SLOT_CRASHED: { status: 500, retryable: true },
  SLOT_TIMEOUT: { status: 500, retryable: true },
  MODEL_MISSING: { status: 503, retryable: false },
  MODEL_INVALID: { status: 503, retryable: false },
  MODEL_DOWNLOAD_FAILED: { status: 503, retryable: true },
  /** The device failed or ran out of memory, and so did every fallback of the slot. */
  DEVICE_FAILED: { status: 503, retryable: true },
  DEVICE_IN_USE: { status: 503, retryable: false },
  DEVICE_MEMORY_EXCEEDED: { status: 503, retryable: false },
  TEMPORAL_UNAVAILABLE: { status: 503, retryable: true },
  API_UNREACHABLE: { status: 503, retryable: true },
  CONFIG_INVALID: { status: 500, retryable: false },
  INTERNAL: { status: 500, retryable: true },

  // The provider
  PROVIDER_UNAVAILABLE: { status: 503, retryable: true },
  /** It is unknown whether the talk was created: search for it before creating another. */
  PROVIDER_AMBIGUOUS: { status: 502, retryable: true },
  /** The provider is still working on the talk that is to be deleted. */
  PROVIDER_BUSY: { status: 503, retryable: true },
  PROVIDER_TIMEOUT: { status: 504, retryable: false },
  PROVIDER_CREDITS_EXHAUSTED: { status: 402, retryable: false },
  PROVIDER_UNAUTHORIZED: { status: 502, retryable: false },
  PROVIDER_REFUSED: { status: 422, retryable: false },
  PROVIDER_TALK_FAILED: { status: 502, retryable: false },
  PROVIDER_TALK_MISSING: { status: 502, retryable: false },
  /** The video was made and paid for, but the provider no longer gives it out. */
  PROVIDER_RESULT_EXPIRED: { status: 502, retryable: false },
  /** The provider cannot read what was uploaded for the talk: it is too old, or damaged. */
  PROVIDER_UPLOAD_MISSING: { status: 422, retryable: false },
  PROVIDER_RESPONSE_INVALID: { status: 502, retryable: false },
} as const satisfies Record<string, { status: number; retryable: boolean }>;

export type ErrorCode = keyof typeof ERROR_CODES;

export function isErrorCode(code: string | null | undefined): code is ErrorCode {
  return code != null && Object.hasOwn(ERROR_CODES, code);
}
