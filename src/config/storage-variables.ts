/** Where objects are kept, for how long and in which bounds. */
import { z } from 'zod';
import { days, flag, gigabytes } from './kinds.ts';

export const storageVariables = {
  STORAGE_ROOT: z
    .string()
    .default('data')
    .describe('Folder of the object store and of the embedded Temporal server'),
  STORAGE_S3_BUCKET: z
    .string()
    .optional()
    .describe(
      'Bucket that objects are kept in; STORAGE_ROOT then holds copies of what this machine works on',
    ),
  STORAGE_S3_REGION: z.string().default('us-east-1').describe('Region of the bucket'),
  STORAGE_S3_ENDPOINT: z
    .url()
    .optional()
    .describe("Address of the S3 server; without it Amazon's for the region"),
  STORAGE_S3_ACCESS_KEY_ID: z
    .string()
    .optional()
    .describe("Key for the bucket; without it the SDK's own ways: AWS_* variables, shared files, a role"),
  STORAGE_S3_SECRET_ACCESS_KEY: z.string().optional().describe('Secret of the key'),
  STORAGE_S3_USE_PATHS: flag(false).describe(
    'Whether the bucket is named in the path, as servers of your own often want it, and not in the host name',
  ),
  STORAGE_RETENTION_UPLOADS_DAYS: days(7).describe('Days that uploads of ended tasks are kept'),
  STORAGE_RETENTION_PROCESSED_DAYS: days(3).describe('Days that masks, cut-outs and portraits are kept'),
  STORAGE_RETENTION_VIDEOS_DAYS: days(30).describe('Days that videos and thumbnails are kept'),
  STORAGE_RETENTION_RECORDS_DAYS: days(365).describe(
    'Days that the record of a task is kept, which answers for its status and result when the files are gone',
  ),
  STORAGE_RETENTION_TEMP_HOURS: z.coerce
    .number()
    .positive()
    .default(1)
    .describe('Hours that temporary objects are kept'),
  STORAGE_CACHE_GB: gigabytes(10).describe(
    'Room for what is kept to be used again; beyond it, what was longest not used goes',
  ),
  STORAGE_MIN_FREE_GB: gigabytes(5).describe(
    'Free space of the disk below which there is a warning and an early retention run',
  ),
  STORAGE_HARD_FLOOR_GB: gigabytes(1).describe(
    'Free space below which submissions are refused with 507, what running jobs may still need counted as taken',
  ),
  STORAGE_JOB_RESERVE_MB: z.coerce
    .number()
    .positive()
    .default(250)
    .describe('Disk that a running job is reckoned to need'),
  STORAGE_LOCAL_CACHE_GB: gigabytes(20).describe(
    'Disk that copies of objects may take on each machine that works from a bucket',
  ),
};
