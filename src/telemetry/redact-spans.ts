import type { Attributes } from '@opentelemetry/api';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';

/** Removes secrets from all texts of the spans for `exporter`, in the same way as from log lines. */
export function redactSpans(exporter: SpanExporter, redact: (text: string) => string): SpanExporter {
  const cleanValue = (value: Attributes[string]) =>
    typeof value === 'string'
      ? redact(value)
      : Array.isArray(value)
        ? value.map((item) => (typeof item === 'string' ? redact(item) : item))
        : value;
  const cleanAttributes = (attributes: Attributes): Attributes =>
    Object.fromEntries(
      Object.entries(attributes).map(([key, value]) => [key, cleanValue(value) as Attributes[string]]),
    );
  const clean = (span: ReadableSpan): ReadableSpan =>
    // Everything else is inherited from the span, with its methods.
    Object.create(span, {
      name: { value: redact(span.name) },
      attributes: { value: cleanAttributes(span.attributes) },
      status: {
        value: {
          ...span.status,
          ...(span.status.message !== undefined && { message: redact(span.status.message) }),
        },
      },
      events: {
        value: span.events.map((event) => ({
          ...event,
          ...(event.attributes && { attributes: cleanAttributes(event.attributes) }),
        })),
      },
      links: {
        value: span.links.map((link) => ({
          ...link,
          ...(link.attributes && { attributes: cleanAttributes(link.attributes) }),
        })),
      },
    });
  return {
    export: (spans, onResult) => exporter.export(spans.map(clean), onResult),
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  };
}
