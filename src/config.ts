import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { z } from 'zod';
import { readSecretFiles, SECRETS } from './config/secret-files.ts';
import { PipelineError } from './errors.ts';

const port = z.coerce.number().int().min(0).max(65_535);
const count = (byDefault: number) => z.coerce.number().int().min(1).max(64).default(byDefault);
const gigabytes = (byDefault: number) => z.coerce.number().positive().default(byDefault);
const flag = (byDefault: boolean) =>
  z
    .enum(['true', 'false'])
    .default(byDefault ? 'true' : 'false')
    .transform((text) => text === 'true');
const days = (byDefault: number) => z.coerce.number().positive().max(36_500).default(byDefault);
const seconds = (byDefault: number) => z.coerce.number().positive().default(byDefault);

/** Values with commas between; none where the variable is not set. */
const listOf = (value: z.ZodType<string, string>) =>
  z
    .string()
    .optional()
    .transform((text) =>
      (text ?? '')
        .split(',')
        .map((part) => part.trim())
        .filter(Boolean),
    )
    .pipe(z.array(value));
const network = z.union([z.cidrv4(), z.cidrv6(), z.ipv4(), z.ipv6()], 'expected networks such as 10.0.0.0/8');

/** Every variable that Limelight reads. `.env.example` is checked against it by a test. */
export const Environment = z.object({
  API_HOST: z.string().default('127.0.0.1').describe('Address the API listens on'),
  API_PORT: port.default(55_433).describe('Port of the API'),
  API_SHUTDOWN_GRACE_S: seconds(20).describe('Seconds that requests in flight get to finish at shutdown'),
  WORKER_HTTP_HOST: z
    .string()
    .default('127.0.0.1')
    .describe('Address at which workers answer for their health and metrics'),
  IO_HTTP_PORT: port.default(55_435).describe("Port of the io worker's health and metrics; 0 takes any"),
  GPU_HTTP_PORT: port
    .default(55_436)
    .describe(
      "Port of the GPU worker's health and metrics; `npm start` counts up from it with the devices; 0 takes any",
    ),
  API_WITHOUT_KEYS: z
    .enum(['refuse', 'let-anyone-in'])
    .default('refuse')
    .describe('What a server without API keys does on an address that others than this machine reach'),
  API_KEY: z.string().optional().describe('API key that the limelight command shows to a server'),
  API_URL: z
    .url()
    .optional()
    .describe('Server that the limelight command talks to; default: the API of this machine'),
  API_RATE_PER_S: z.coerce
    .number()
    .positive()
    .default(20)
    .describe('Requests a second of one API key, or of one address without a key'),
  API_RATE_BURST: z.coerce.number().int().min(1).default(200).describe('Requests that may come at once'),
  API_JOBS_IN_FLIGHT: z.coerce.number().int().min(1).default(100).describe('Tasks in flight of one API key'),
  API_MB_IN_FLIGHT: z.coerce
    .number()
    .positive()
    .default(2000)
    .describe('Megabytes of uploads, of tasks in flight of one API key'),
  API_CORS_ORIGINS: listOf(
    z.union([z.literal('*'), z.string().regex(/^https?:\/\/[^/?#]+$/, 'expected origins')]),
  ).describe('Origins whose pages may use this API, such as https://example.org, with commas between'),
  API_TRUSTED_PROXIES: listOf(network).describe(
    'Networks of proxies whose X-Forwarded-For is believed, such as 10.0.0.0/8, with commas between',
  ),
  PRIVATE_NETWORKS: listOf(network).describe(
    'Private networks that URLs of clients may lead to, such as 10.1.2.0/24, with commas between; plain http is allowed there',
  ),
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
  MODELS_DIR: z
    .string()
    .optional()
    .describe('Folder with a manifest.json and models that come before all others'),
  MODELS_CACHE_DIR: z
    .string()
    .optional()
    .describe('Folder that pulled models are kept in; default: the user cache'),
  XDG_CACHE_HOME: z.string().optional().describe('Folder of the user cache; default: ~/.cache'),
  TEMPORAL_ADDRESS: z
    .string()
    .optional()
    .describe('host:port of a Temporal cluster; without it an embedded server is started'),
  TEMPORAL_NAMESPACE: z.string().default('default').describe('Temporal namespace'),
  TEMPORAL_PORT: port.default(7233).describe('Port of the embedded Temporal server'),
  TEMPORAL_UI_PORT: port.default(8233).describe("Port of the embedded server's Web UI"),
  TEMPORAL_UI_URL: z
    .url()
    .optional()
    .describe("Address of Temporal's Web UI for the page's links; default: the embedded server's"),
  YOLO_SLOTS: count(2).describe('Detector processes of a GPU worker'),
  YOLO_MEMORY_GB: gigabytes(2).describe('Device memory that one detector slot needs'),
  YOLO_CONFIDENCE_THRESHOLD: z.coerce
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('conf_threshold of a job that does not say'),
  YOLO_TIMEOUT_S: seconds(30).describe('A detection that takes longer has its process replaced'),
  BIREFNET_SLOTS: count(1).describe('Background removal processes of a GPU worker'),
  BIREFNET_MEMORY_GB: gigabytes(6).describe('Device memory that one background removal slot needs'),
  BIREFNET_TIMEOUT_S: seconds(120).describe(
    'A background removal that takes longer has its process replaced',
  ),
  BIREFNET_USE_TENSORRT: flag(false).describe(
    'Whether TensorRT is tried first for background removal: its first start compiles the model for minutes',
  ),
  BIREFNET_USE_FP16: flag(true).describe(
    'Whether background removal computes with 16-bit floats on a GPU, where the manifest has such a variant',
  ),
  GPU_MEMORY_GB: gigabytes(16).describe('Memory of the device'),
  CUDA_VISIBLE_DEVICES: z
    .string()
    .default('0')
    .describe('The devices; `npm start` runs a GPU worker for each; -1 computes on the CPU'),
  LD_LIBRARY_PATH: z.string().optional().describe("Where the system's loader finds CUDA's libraries"),
  SLOT_MAX_RUNS: z.coerce
    .number()
    .int()
    .min(1)
    .default(1000)
    .describe('Runs after which the process of a model is replaced by a new one, between two jobs'),
  SLOT_MAX_MEMORY_GB: gigabytes(12).describe(
    'Resident memory above which the process of a model is replaced by a new one, between two jobs',
  ),
  JOB_RETRY_WINDOW_S: z.coerce
    .number()
    .int()
    .min(0)
    .max(30 * 86_400)
    .default(86_400)
    .describe(
      'Seconds that photo, voice and what was made of them are kept of a job that failed for a reason that may pass, so that it can be retried; 0 undoes it at once',
    ),
  MEDIA_SLOTS: count(1).describe(
    'Decoder processes of an io worker; 1 keeps jobs strictly in order of submission',
  ),
  MEDIA_TIMEOUT_S: seconds(60).describe('Decoding that takes longer has its process replaced'),
  RENDER_SLOTS: count(1).describe('Renderer processes of an io worker'),
  RENDER_LONG_SIDE_PX: z.coerce
    .number()
    .int()
    .min(512)
    .max(1080)
    .default(720)
    .describe(
      "Most pixels on the long side of the built-in renderer's videos, 512 to 1080; a small photo gets fewer",
    ),
  RENDER_AI_MARK: flag(true).describe(
    'Whether videos of the built-in renderer show a small "AI-generated" in their corner',
  ),
  RENDER_PROVENANCE: flag(true).describe('Whether their files say in XMP metadata that a machine made them'),
  RENDER_TIMEOUT_S: seconds(1800).describe('A rendering that takes longer has its process replaced'),
  D_ID_API_KEY: z
    .string()
    .optional()
    .describe(
      'API_USERNAME:API_PASSWORD as D-ID issued it; with it videos come from D-ID unless a job says local',
    ),
  D_ID_ENCODE_KEY: flag(false).describe('Whether the key is sent in base64 instead of as it is'),
  D_ID_API_URL: z.url().default('https://api.d-id.com').describe("Address of D-ID's API, or of the emulator"),
  D_ID_STITCH: flag(true).describe(
    'Whether videos show the whole portrait; a plan that does not have it gives the face alone',
  ),
  D_ID_WEBHOOK_BASE_URL: z
    .url()
    .optional()
    .describe('https address at which D-ID reaches this API; without it talks are polled more often'),
  D_ID_WEBHOOK_SECRET: z
    .string()
    .min(16)
    .optional()
    .describe('The unguessable end of the webhook path, at least 16 characters; needed for webhooks'),
  D_ID_CONNECTIONS: count(16).describe('Connections to D-ID of one process'),
  D_ID_CONNECT_TIMEOUT_S: seconds(5).describe('Seconds to connect to D-ID'),
  D_ID_ANSWER_TIMEOUT_S: seconds(30).describe(
    'Seconds without a byte from D-ID after which a request has failed',
  ),
  D_ID_TALK_TIMEOUT_S: seconds(1800).describe('A talk that takes D-ID longer is given up'),
  D_ID_REQUESTS_PER_S: z.coerce
    .number()
    .positive()
    .default(20)
    .describe('Requests to D-ID a second, over all workers'),
  D_ID_TALKS_IN_FLIGHT: z.coerce
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(10)
    .describe('Talks that D-ID works on at a time, over all workers'),
  D_ID_TIME_SCALE: z.coerce
    .number()
    .positive()
    .max(1)
    .default(1)
    .describe(
      'Factor on all waits between requests to D-ID; below 1 only for an emulator whose time is scaled',
    ),
  ONNX_THREADS: z.coerce
    .number()
    .int()
    .min(1)
    .max(256)
    .default(Math.max(1, Math.floor(availableParallelism() / 2)))
    .describe('Threads of one inference on the CPU; default: half the cores'),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('Least level logged'),
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url()
    .optional()
    .describe('Where traces go, such as http://localhost:4318 (OTLP over HTTP); without it none are made'),
  OTEL_EXPORTER_OTLP_HEADERS: z.string().optional().describe('Headers for it, as `name=value,name=value`'),
  OTEL_SERVICE_NAME: z.string().default('limelight').describe('The name that traces are found by'),
  OTEL_TRACES_SAMPLER_ARG: z.coerce
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe('The share of tasks that are traced, 0 to 1'),
});

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
  },
  log: { level: env.LOG_LEVEL, secrets: SECRETS.flatMap((name) => env[name] ?? []) },
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

/** What each env file held when it was read first. */
const atStart = new Map<string, Record<string, string | undefined>>();

/**
 * The process's environment over the variables of the env file, where there is one. Read again later, the file's new
 * values count: what the process has from its parent, and its parent from the file, is the file's.
 */
export function readEnvironment(envFile = '.env'): Record<string, string | undefined> {
  const file = readEnvFile(envFile);
  const first = atStart.get(envFile) ?? file;
  atStart.set(envFile, first);
  const own = Object.entries(process.env).filter(([name, value]) => first[name] !== value);
  return { ...file, ...Object.fromEntries(own) };
}

function readEnvFile(path: string): Record<string, string | undefined> {
  return existsSync(path) ? parseEnv(readFileSync(path, 'utf8')) : {};
}
