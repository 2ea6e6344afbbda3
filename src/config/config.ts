import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { z } from 'zod';
import { PipelineError } from '../errors.ts';
import type { ProviderDescriptor, RemoteSettings } from '../ports/provider.ts';
import { createEnvironment } from './environment.ts';
import { type ConfigFault, listSecrets, readSecretFiles } from './secret-files.ts';
import { readTemporalProfile, type TemporalProfile } from './temporal-profile.ts';

/**
 * The embedded Web UI is kept behind a proxy that checks the name it is asked under (`cli/stack/web-ui-proxy.ts`). That
 * needs a loopback address besides 127.0.0.1, which macOS does not have.
 */
const CAN_HIDE_WEB_UI = process.platform !== 'darwin';

type Environment = z.infer<ReturnType<typeof createEnvironment>>;

/** Grouped by the part that consumes it: a factory takes `config.api`, never the whole. */
const toConfig = (env: Environment, providers: readonly ProviderDescriptor[], profile: TemporalProfile) => ({
  api: { host: env.API_HOST, port: env.API_PORT, shutdownGraceMs: env.API_SHUTDOWN_GRACE_S * 1000 },
  storage: {
    root: resolve(env.STORAGE_ROOT),
    mustExist: env.STORAGE_MUST_EXIST,
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
          encryption: toEncryption(env),
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
    allowsAnonymousAccess: env.API_WITHOUT_KEYS === 'allow',
    rate: { perS: env.API_RATE_PER_S, burst: env.API_RATE_BURST },
    quota: { jobsInFlight: env.API_JOBS_IN_FLIGHT, bytesInFlight: env.API_MB_IN_FLIGHT * 1_000_000 },
    concurrency: { uploads: env.API_UPLOADS, streams: env.API_STREAMS, waiters: env.API_WAITERS },
    corsOrigins: env.API_CORS_ORIGINS,
    trustedProxies: env.API_TRUSTED_PROXIES,
  },
  client: { apiKey: env.API_KEY, url: env.API_URL },
  publicUrl: env.PUBLIC_URL?.replace(/\/+$/, ''),
  outbound: { allowedNetworks: env.PRIVATE_NETWORKS },
  models: {
    dir: env.MODELS_DIR && resolve(env.MODELS_DIR),
    cacheDir: resolve(
      env.MODELS_CACHE_DIR ?? join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'limelight', 'models'),
    ),
  },
  temporal: {
    /** The cluster; `undefined`: the embedded server. */
    address: profile.address,
    namespace: profile.namespace ?? 'default',
    /** How to connect. Certificates are read when a connection opens. */
    profile,
    /** In base64. The first encrypts payloads, all decrypt them. */
    payloadKeys: env.TEMPORAL_PAYLOAD_KEYS,
    /** The address that a browser on this machine uses. */
    webUiUrl:
      env.TEMPORAL_UI_URL?.replace(/\/$/, '') ??
      (profile.address || !CAN_HIDE_WEB_UI ? undefined : `http://127.0.0.1:${env.TEMPORAL_UI_PORT}`),
    embedded: {
      port: env.TEMPORAL_PORT,
      /** `undefined`: no Web UI. */
      uiPort: CAN_HIDE_WEB_UI ? env.TEMPORAL_UI_PORT : undefined,
    },
    codecEndpoint: env.TEMPORAL_CODEC_ENDPOINT,
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
    longSidePx: env.RENDER_LONG_SIDE_PX,
    requiresConsent: env.API_REQUIRE_CONSENT,
    deletesOriginals: !env.STORAGE_KEEP_ORIGINALS,
  },
  slots: {
    confinement: env.SLOT_CONFINEMENT,
    /** Where each gets a folder of its own: the scratch area of the store, which sweeps what is left behind there. */
    scratch: join(resolve(env.STORAGE_ROOT), env.STORAGE_S3_BUCKET ? 's3' : '', '.scratch'),
  },
  media: { slots: env.MEDIA_SLOTS, timeoutMs: env.MEDIA_TIMEOUT_S * 1000 },
  render: {
    slots: env.RENDER_SLOTS,
    timeoutMs: env.RENDER_TIMEOUT_S * 1000,
    longSidePx: env.RENDER_LONG_SIDE_PX,
    mark: env.RENDER_AI_MARK,
    provenance: env.RENDER_PROVENANCE,
  },
  /** The settings of the remote providers that are set up, by name. */
  providers: readProviders(env, providers),
  onnx: { threads: env.ONNX_THREADS },
  tracing: {
    endpoint: env.OTEL_EXPORTER_OTLP_ENDPOINT,
    headers: env.OTEL_EXPORTER_OTLP_HEADERS,
    serviceName: env.OTEL_SERVICE_NAME,
    ratio: env.OTEL_TRACES_SAMPLER_ARG,
    ...toRedactions(env, providers, profile),
  },
  log: { level: env.LOG_LEVEL, ...toRedactions(env, providers, profile) },
});

function toEncryption({ STORAGE_S3_ENCRYPTION: algorithm, STORAGE_S3_KMS_KEY_ID: keyId }: Environment) {
  return algorithm === 'aws:kms' ? { algorithm, keyId } : algorithm && { algorithm };
}

function readProviders(
  env: Record<string, unknown>,
  providers: readonly ProviderDescriptor[],
): Readonly<Record<string, RemoteSettings>> {
  return Object.fromEntries(
    providers.flatMap((provider) => {
      const settings = provider.kind === 'remote' ? provider.settings.read(env) : undefined;
      return settings ? [[provider.name, settings]] : [];
    }),
  );
}

/** Secrets that no log line and no span may show. */
function toRedactions(
  env: Record<string, unknown>,
  providers: readonly ProviderDescriptor[],
  { apiKey }: TemporalProfile,
) {
  const secrets = listSecrets(providers).flatMap(
    (name) => (env[name] as string | string[] | undefined) ?? [],
  );
  return {
    // The key of Temporal may come from its own file.
    secrets: [...new Set([...secrets, ...(apiKey === undefined ? [] : [apiKey])])],
    /** Beginnings of paths whose rest is a secret. */
    secretPaths: providers.map(({ name }) => `/api/webhooks/${name}/`),
  };
}

/** Settings that would silently have no effect. */
function findConflicts({
  STORAGE_S3_KMS_KEY_ID: keyId,
  STORAGE_S3_ENCRYPTION: algorithm,
}: Record<string, string | undefined>): ConfigFault[] {
  return keyId && algorithm !== 'aws:kms'
    ? [{ name: 'STORAGE_S3_KMS_KEY_ID', message: 'expected STORAGE_S3_ENCRYPTION=aws:kms with it' }]
    : [];
}

export type Config = ReturnType<typeof toConfig>;

/**
 * @throws PipelineError CONFIG_INVALID naming every bad variable at once, each with its fault in `details`. Values are not
 * echoed: some are secrets.
 */
export function parseConfig(
  env: Record<string, string | undefined>,
  providers: readonly ProviderDescriptor[],
): Config {
  // An empty variable counts as unset: env files have no other way to unset one.
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const { values, faults } = readSecretFiles(given, listSecrets(providers));
  const parsed = createEnvironment(providers).safeParse(values);
  const temporal = readTemporalProfile(values);
  const issues = (parsed.error?.issues ?? []).map(({ path, message }) => ({
    name: String(path[0]),
    message,
  }));
  const all: ConfigFault[] = [...issues, ...faults, ...findConflicts(given), ...temporal.faults];
  if (!parsed.success || all.length > 0) {
    throw new PipelineError(
      'CONFIG_INVALID',
      `Configuration: ${all.map(({ name, message }) => `${name}: ${message}`).join('; ')}`,
      { details: Object.fromEntries(all.map(({ name, message }) => [name, message])) },
    );
  }
  return toConfig(parsed.data, providers, temporal.profile);
}
