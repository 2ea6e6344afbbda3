import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

export interface CollectedSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: Array<{ key: string; value: Record<string, unknown> }>;
  links?: Array<{ traceId: string }>;
  status?: { code?: number };
  /** The process that sent it. */
  part: string;
}

interface Export {
  resourceSpans: Array<{
    resource: { attributes: Array<{ key: string; value: { stringValue?: string } }> };
    scopeSpans: Array<{ spans: CollectedSpan[] }>;
  }>;
}

export interface TraceCollector extends AsyncDisposable {
  /** What OTEL_EXPORTER_OTLP_ENDPOINT is to be. */
  url: string;
  spans: CollectedSpan[];
  headers: Array<Record<string, unknown>>;
}

/** A collector that takes OTLP over HTTP, in JSON, and keeps what it is sent. */
export async function startTraceCollector(): Promise<TraceCollector> {
  const spans: CollectedSpan[] = [];
  const headers: TraceCollector['headers'] = [];
  const server = createServer(async (request, response) => {
    headers.push({ ...request.headers, path: request.url });
    const { resourceSpans } = (await json(request)) as Export;
    for (const { resource, scopeSpans } of resourceSpans) {
      const part = resource.attributes.find(({ key }) => key === 'limelight.part')?.value.stringValue ?? '';
      spans.push(...scopeSpans.flatMap((scope) => scope.spans.map((span) => ({ ...span, part }))));
    }
    response.setHeader('Content-Type', 'application/json').end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    headers,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}
