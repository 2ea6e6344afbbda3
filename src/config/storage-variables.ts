/** Where objects are stored, for how long and within which limits. */
import { z } from 'zod';
import { days, flag, gigabytes } from './kinds.ts';

export const storageVariables = {
  STORAGE_ROOT: z
    .string()
    .default('data')
    .describe('Folder of the object store and of the embedded Temporal server'),
  STORAGE_MUST_EXIST: flag(false).describe(
    'Whether to refuse a STORAGE_ROOT that holds no store yet, for example because its drive is not mounted',
  ),
  STORAGE_S3_BUCKET: z
    .string()
    .optional()
    .describe('Bucket for objects; STORAGE_ROOT then holds copies of those that this machine works on'),
  STORAGE_S3_REGION: z.string().default('us-east-1').describe('Region of the bucket'),
  STORAGE_S3_ENDPOINT: z
    .url()
    .optional()
    .describe("Address of the S3 server; default: Amazon's for the region"),
  STORAGE_S3_ACCESS_KEY_ID: z
    .string()
    .optional()
    .describe(
      "Access key for the bucket; default: the SDK's own sources, such as AWS_* variables, shared files or a role",
    ),
  STORAGE_S3_SECRET_ACCESS_KEY: z.string().optional().describe('Secret of the access key'),
  STORAGE_S3_USE_PATHS: flag(false).describe(
    'Whether the bucket name is in the path instead of the host name, as self-hosted servers often require',
  ),
  STORAGE_RETENTION_UPLOADS_DAYS: days(7).describe('Days to keep the uploads of finished tasks'),
  STORAGE_S3_ENCRYPTION: z
    .enum(['AES256', 'aws:kms'])
    .optional()
    .describe(
      'Encryption of objects at rest by the S3 server: with its own key, or with a key of its key management service; default: what the bucket is set to',
    ),
  STORAGE_S3_KMS_KEY_ID: z
    .string()
    .optional()
    .describe("Key for STORAGE_S3_ENCRYPTION=aws:kms, by id or ARN; default: the account's key for S3"),
  STORAGE_KEEP_ORIGINALS: flag(true).describe(
    'Whether uploads stay as they came, with the EXIF data and location of photos; `false` deletes them once they are decoded, and retries continue from what was decoded',
  ),
  STORAGE_RETENTION_PROCESSED_DAYS: days(3).describe('Days to keep masks, cutouts and portraits'),
  STORAGE_RETENTION_VIDEOS_DAYS: days(30).describe('Days to keep videos and thumbnails'),
  STORAGE_RETENTION_RECORDS_DAYS: days(365).describe(
    'Days to keep the record of a task, which has its status and result when its files are gone',
  ),
  STORAGE_RETENTION_TEMP_HOURS: z.coerce
    .number()
    .positive()
    .default(1)
    .describe('Hours to keep temporary objects'),
  STORAGE_CACHE_GB: gigabytes(10).describe(
    'Maximum size of the content cache; the least recently used entries are deleted first',
  ),
  STORAGE_MIN_FREE_GB: gigabytes(5).describe(
    'Free disk space below which there is a warning and an early retention run',
  ),
  STORAGE_HARD_FLOOR_GB: gigabytes(1).describe(
    'Free disk space below which submissions are refused with 507; the needs of running tasks count as used',
  ),
  STORAGE_JOB_RESERVE_MB: z.coerce
    .number()
    .positive()
    .default(250)
    .describe('Disk space that a running task is expected to need'),
  STORAGE_LOCAL_CACHE_GB: gigabytes(20).describe(
    'Maximum disk space for copies of objects on each machine that uses a bucket',
  ),
};
