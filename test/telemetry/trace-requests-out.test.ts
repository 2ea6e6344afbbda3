import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { request } from 'undici';
import { expect, it, onTestFinished } from 'vitest';
import { traceRequestsOut } from '../../src/telemetry/trace-requests-out.ts';

it('the span of a request has its host, and neither the path nor the query of its URL', async () => {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const manager = new AsyncLocalStorageContextManager().enable();
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(manager);
  const stop = traceRequestsOut();
  const server = createServer((_, response) => response.end()).listen(0, '127.0.0.1');
  onTestFinished(() => {
    stop();
    server.close();
    trace.disable();
    context.disable();
  });
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;

  await trace.getTracer('test').startActiveSpan('webhook', async (span) => {
    const { body } = await request(`http://${host}/services/T0/hidden-token?key=hidden-key`, {
      method: 'POST',
    });
    await body.dump();
    span.end();
  });

  await expect.poll(() => exporter.getFinishedSpans().map(({ name }) => name)).toContain(`POST ${host}`);
  const texts = exporter
    .getFinishedSpans()
    .map(({ name, attributes, status, events }) => JSON.stringify({ name, attributes, status, events }));
  expect(texts.join()).toContain(host);
  expect(texts.join()).not.toMatch(/hidden|services/);
});
