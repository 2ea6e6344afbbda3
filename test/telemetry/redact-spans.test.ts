import { SpanStatusCode, trace } from '@opentelemetry/api';
import { expect, it } from 'vitest';
import { loadConfig, SECRETS } from '../../src/process/load-config.ts';
import { startTracing } from '../../src/telemetry/tracing.ts';
import { secretValues } from '../harness/secret-values.ts';
import { startTraceCollector } from '../harness/trace-collector.ts';

it('sends no configured secret to the collector, wherever in a span it is', async () => {
  await using collector = await startTraceCollector();
  const values = secretValues((name) => `x=c0ffee-${name}`);
  const { tracing } = loadConfig({ ...values, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  {
    await using _tracing = startTracing('test', tracing);
    const tracer = trace.getTracer('test');
    for (const secret of Object.values(values)) {
      const span = tracer.startSpan(`GET ${secret}`, {
        attributes: { url: `/a?key=${secret}`, kept: 'as it is' },
      });
      span.setAttribute('several', ['one', secret]);
      span.recordException(new Error(`401 for ${secret}`));
      span.addLink({ context: span.spanContext(), attributes: { from: secret } });
      span.setStatus({ code: SpanStatusCode.ERROR, message: `Refused ${secret}` });
      span.end();
    }
  }

  expect(collector.spans).toHaveLength(SECRETS.length);
  const text = JSON.stringify(collector.spans);
  for (const secret of Object.values(values)) expect(text).not.toContain(secret);
  expect(text).not.toContain('c0ffee');
  for (const { name, attributes, status } of collector.spans) {
    expect(name).toBe('GET [redacted]');
    expect(status).toEqual({ code: SpanStatusCode.ERROR, message: 'Refused [redacted]' });
    expect(attributes).toContainEqual({ key: 'kept', value: { stringValue: 'as it is' } });
  }
});
