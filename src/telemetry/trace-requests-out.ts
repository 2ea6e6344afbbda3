import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { context, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';

interface Message {
  request: { origin?: string | URL; method: string };
  response?: { statusCode: number };
  error?: Error;
}

/**
 * Adds a span for each HTTP request that undici sends within another span, such as provider calls and webhooks. The trace
 * is not sent to the other side. Only the host of a URL is recorded: queries may be signed, and paths of webhooks are often
 * secrets.
 */
export function traceRequestsOut(): () => void {
  const spans = new WeakMap<object, Span>();
  const end = (message: Message, error?: Error) => {
    const span = spans.get(message.request);
    spans.delete(message.request);
    if (error) {
      span?.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
    }
    span?.end();
  };
  const handlers: Record<string, (message: Message) => void> = {
    'undici:request:create': ({ request }) => {
      if (!trace.getActiveSpan()) {
        return;
      }
      const host = request.origin === undefined ? 'unknown' : new URL(request.origin).host;
      const attributes = { 'http.request.method': request.method, 'server.address': host };
      const options = { kind: SpanKind.CLIENT, attributes };
      spans.set(
        request,
        trace.getTracer('limelight').startSpan(`${request.method} ${host}`, options, context.active()),
      );
    },
    'undici:request:headers': ({ request, response }) => {
      const status = response?.statusCode ?? 0;
      spans.get(request)?.setAttribute('http.response.status_code', status);
      if (status >= 400) {
        spans.get(request)?.setStatus({ code: SpanStatusCode.ERROR });
      }
    },
    'undici:request:trailers': (message) => end(message),
    'undici:request:error': (message) => end(message, message.error),
  };
  const subscriptions = Object.entries(handlers).map(([channel, handle]) => {
    const listener = (message: unknown) => handle(message as Message);
    subscribe(channel, listener);
    return () => unsubscribe(channel, listener);
  });
  return () => {
    for (const stop of subscriptions) {
      stop();
    }
  };
}
