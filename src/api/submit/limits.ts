/** What one client can ask of the API. Tests give smaller ones. */
export interface ApiLimits {
  imageBytes: number;
  audioBytes: number;
  backgroundImageBytes: number;
  /** A file may take as long as its largest size does at this speed. */
  slowestBytesPerS: number;
  /** How long the files that a submission names by URLs may take. */
  urlTimeoutMs: number;
  /** Bytes waiting for one reader of server-sent events before it is cut off. */
  eventQueueBytes: number;
}

const MEGABYTE = 1_000_000;

export const API_LIMITS: ApiLimits = {
  imageBytes: 25 * MEGABYTE,
  audioBytes: 50 * MEGABYTE,
  backgroundImageBytes: 25 * MEGABYTE,
  // 1 Mbit/s.
  slowestBytesPerS: 125_000,
  urlTimeoutMs: 60_000,
  // Some hundred stage events: a job has fewer than twenty.
  eventQueueBytes: 256 * 1024,
};
