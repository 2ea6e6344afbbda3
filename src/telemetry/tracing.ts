import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  RandomIdGenerator,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Config } from '../config/config.ts';
import type { TaskMetadata } from '../contracts/schemas/task-metadata.ts';
import { ignoreFailure } from '../errors.ts';
import { jobSpanIdOf, type StartRoot, traceIdOf, traceJob } from './job-trace.ts';
import { createRedactor } from './redact.ts';
import { redactSpans } from './redact-spans.ts';
import { traceRequestsOut } from './trace-requests-out.ts';

const EXPORT_INTERVAL_MS = 1_000;

/** Random ids, except for the root span of a task. */
class TaskIdGenerator extends RandomIdGenerator {
  next: { traceId: string; spanId: string } | undefined;
  override generateTraceId = () => this.next?.traceId ?? random.generateTraceId();
  override generateSpanId = () => this.next?.spanId ?? random.generateSpanId();
}
const random = new RandomIdGenerator();

/** If `secretPaths` is absent, only the secrets themselves are redacted. */
type TracingSettings = Omit<Config['tracing'], 'secretPaths'> &
  Partial<Pick<Config['tracing'], 'secretPaths'>>;

export interface Tracing extends AsyncDisposable {
  /** Called with the record of each ended job. */
  onEnd(metadata: TaskMetadata): void;
}

/**
 * Sends this process's spans to a collector, if the settings name one. Without one, calls of OpenTelemetry's API do
 * nothing.
 */
export function startTracing(part: string, settings: TracingSettings): Tracing {
  const { endpoint, headers, serviceName, ratio, secrets, secretPaths = [] } = settings;
  if (endpoint === undefined) {
    return { onEnd() {}, async [Symbol.asyncDispose]() {} };
  }
  const idGenerator = new TaskIdGenerator();
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/$/, '')}/v1/traces`,
    headers: parseHeaders(headers),
  });
  const provider = new TracerProvider({
    resource: defaultResource().merge(
      resourceFromAttributes({ 'service.name': serviceName, 'limelight.part': part }),
    ),
    // By the trace id alone: all processes decide alike, so a job is traced completely or not at all.
    sampler: new TraceIdRatioBasedSampler(ratio),
    idGenerator,
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: redactSpans(exporter, createRedactor(secrets, secretPaths)),
        scheduledDelayMillis: EXPORT_INTERVAL_MS,
      }),
    ],
  });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const stopRequests = traceRequestsOut();
  const startRoot: StartRoot = (tracer, taskId, { name, ...options }) => {
    idGenerator.next = { traceId: traceIdOf(taskId), spanId: jobSpanIdOf(taskId) };
    try {
      return tracer.startSpan(name, { ...options, root: true }, ROOT_CONTEXT);
    } finally {
      idGenerator.next = undefined;
    }
  };
  const tracer = trace.getTracer('limelight');
  return {
    onEnd: (metadata) => traceJob(tracer, startRoot, metadata),
    async [Symbol.asyncDispose]() {
      stopRequests();
      await ignoreFailure(
        provider.shutdown(),
        'a collector that is down must not keep a process from stopping',
      );
      trace.disable();
      context.disable();
    },
  };
}

/** `name=value,name=value`; values may be percent-encoded (W3C Baggage, as OTLP specifies). */
function parseHeaders(text = ''): Record<string, string> {
  const pairs = text.split(',').map((pair) => {
    const equals = pair.indexOf('=');
    return [pair.slice(0, equals).trim(), decodeURIComponent(pair.slice(equals + 1).trim())] as const;
  });
  return Object.fromEntries(pairs.filter(([name]) => name !== ''));
}
