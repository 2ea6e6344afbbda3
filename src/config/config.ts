import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { z } from 'zod';
import { PipelineError } from '../errors.ts';
import { Environment } from './environment.ts';
import { readSecretFiles, SECRETS } from './secret-files.ts';

const secretsOf = (env: z.infer<typeof Environment>) => SECRETS.flatMap((name) => env[name] ?? []);

/** Grouped by the part that consumes it: a factory takes `config.api`, never the whole. */
const toConfig = (env: z.infer<typeof Environment>) => ({
  api: { host: env.API_HOST, port: env.API_PORT, shutdownGraceMs: env.API_SHUTDOWN_GRACE_S * 1000 },
  storage: {
    root: resolve(env.STORAGE_ROOT),
    s3: env.STORAGE_S3_BUCKET
      ? {
          bucket: env.STORAGE_S3_BUCKET,
          region: env.STORAGE_S3_REGION,
          endpoint: env.STORAGE_S3_ENDPOINT,
          credentials:
            env.STORAGE_S3_ACCESS_KEY_ID && env.STORAGE_S3_SECRET_ACCESS_KEY
              ? {
                  accessKeyId: env.STORAGE_S3_ACCESS_KEY_ID,
                  secretAccessKey: env.STORAGE_S3_SECRET_ACCESS_KEY,
                }
              : undefined,
          usesPaths: env.STORAGE_S3_USE_PATHS,
        }
      : undefined,
    maxLocalBytes: env.STORAGE_LOCAL_CACHE_GB * 1e9,
    retention: {
      days: {
        uploads: env.STORAGE_RETENTION_UPLOADS_DAYS,
        processed: env.STORAGE_RETENTION_PROCESSED_DAYS,
        videos: env.STORAGE_RETENTION_VIDEOS_DAYS,
        records: env.STORAGE_RETENTION_RECORDS_DAYS,
      },
      unknownDays: 1,
      tempHours: env.STORAGE_RETENTION_TEMP_HOURS,
      maxCacheBytes: env.STORAGE_CACHE_GB * 1e9,
    },
    disk: {
      minFreeBytes: env.STORAGE_MIN_FREE_GB * 1e9,
      floorBytes: env.STORAGE_HARD_FLOOR_GB * 1e9,
      jobBytes: env.STORAGE_JOB_RESERVE_MB * 1e6,
    },
  },
  worker: { host: env.WORKER_HTTP_HOST, ioPort: env.IO_HTTP_PORT, gpuPort: env.GPU_HTTP_PORT },
  access: {
    letsAnyoneIn: env.API_WITHOUT_KEYS === 'let-anyone-in',
    rate: { perS: env.API_RATE_PER_S, burst: env.API_RATE_BURST },
    quota: { jobsInFlight: env.API_JOBS_IN_FLIGHT, bytesInFlight: env.API_MB_IN_FLIGHT * 1_000_000 },
    corsOrigins: env.API_CORS_ORIGINS,
    trustedProxies: env.API_TRUSTED_PROXIES,
  },
  client: { apiKey: env.API_KEY, url: env.API_URL },
  outbound: { allowedNetworks: env.PRIVATE_NETWORKS },
  models: {
    dir: env.MODELS_DIR && resolve(env.MODELS_DIR),
    cacheDir: resolve(
      env.MODELS_CACHE_DIR ?? join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'limelight', 'models'),
    ),
  },
  temporal: {
    address: env.TEMPORAL_ADDRESS,
    namespace: env.TEMPORAL_NAMESPACE,
    /** As a browser on this machine reaches it. */
    webUiUrl:
      env.TEMPORAL_UI_URL?.replace(/\/$/, '') ??
      (env.TEMPORAL_ADDRESS ? undefined : `http://127.0.0.1:${env.TEMPORAL_UI_PORT}`),
    embedded: { port: env.TEMPORAL_PORT, uiPort: env.TEMPORAL_UI_PORT },
  },
  gpu: {
    device: env.CUDA_VISIBLE_DEVICES,
    memoryGb: env.GPU_MEMORY_GB,
    yolo: { slots: env.YOLO_SLOTS, memoryGb: env.YOLO_MEMORY_GB, timeoutMs: env.YOLO_TIMEOUT_S * 1000 },
    libraryPath: env.LD_LIBRARY_PATH,
    recycling: { maxRuns: env.SLOT_MAX_RUNS, maxMemoryMb: env.SLOT_MAX_MEMORY_GB * 1024 },
    birefnet: {
      useTensorRt: env.BIREFNET_USE_TENSORRT,
      useFp16: env.BIREFNET_USE_FP16,
      slots: env.BIREFNET_SLOTS,
      memoryGb: env.BIREFNET_MEMORY_GB,
      timeoutMs: env.BIREFNET_TIMEOUT_S * 1000,
    },
  },
  jobs: {
    retryWindowS: env.JOB_RETRY_WINDOW_S,
    confThreshold: env.YOLO_CONFIDENCE_THRESHOLD,
    hasDId: env.D_ID_API_KEY !== undefined,
  },
  media: { slots: env.MEDIA_SLOTS, timeoutMs: env.MEDIA_TIMEOUT_S * 1000 },
  render: {
    slots: env.RENDER_SLOTS,
    timeoutMs: env.RENDER_TIMEOUT_S * 1000,
    longSidePx: env.RENDER_LONG_SIDE_PX,
    mark: env.RENDER_AI_MARK,
    provenance: env.RENDER_PROVENANCE,
  },
  dId: {
    apiKey: env.D_ID_API_KEY,
    encodesKey: env.D_ID_ENCODE_KEY,
    apiUrl: env.D_ID_API_URL.replace(/\/$/, ''),
    stitch: env.D_ID_STITCH,
    webhookSecret: env.D_ID_WEBHOOK_SECRET,
    webhookUrl:
      env.D_ID_WEBHOOK_BASE_URL && env.D_ID_WEBHOOK_SECRET
        ? new URL(`/api/webhooks/d-id/${env.D_ID_WEBHOOK_SECRET}`, env.D_ID_WEBHOOK_BASE_URL).href
        : undefined,
    connections: env.D_ID_CONNECTIONS,
    timeouts: { connectMs: env.D_ID_CONNECT_TIMEOUT_S * 1000, answerMs: env.D_ID_ANSWER_TIMEOUT_S * 1000 },
    requestsPerS: env.D_ID_REQUESTS_PER_S,
    terms: {
      maxTalksInFlight: env.D_ID_TALKS_IN_FLIGHT,
      talkTimeoutMs: env.D_ID_TALK_TIMEOUT_S * 1000,
      hasWebhook: Boolean(env.D_ID_WEBHOOK_BASE_URL && env.D_ID_WEBHOOK_SECRET),
      timeScale: env.D_ID_TIME_SCALE,
    },
  },
  onnx: { threads: env.ONNX_THREADS },
  tracing: {
    endpoint: env.OTEL_EXPORTER_OTLP_ENDPOINT,
    headers: env.OTEL_EXPORTER_OTLP_HEADERS,
    serviceName: env.OTEL_SERVICE_NAME,
    ratio: env.OTEL_TRACES_SAMPLER_ARG,
    secrets: secretsOf(env),
  },
  log: { level: env.LOG_LEVEL, secrets: secretsOf(env) },
});

export type Config = ReturnType<typeof toConfig>;

/** @throws PipelineError CONFIG_INVALID naming every bad variable at once. Values are not echoed: some are secrets. */
export function loadConfig(env: Record<string, string | undefined>): Config {
  // An empty variable is an unset one: env files have no other way to say so.
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const { values, faults } = readSecretFiles(given);
  const parsed = Environment.safeParse(values);
  if (!parsed.success || faults.length > 0) {
    const issues = parsed.error?.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) ?? [];
    throw new PipelineError('CONFIG_INVALID', `Configuration: ${[...issues, ...faults].join('; ')}`);
  }
  return toConfig(parsed.data);
}
