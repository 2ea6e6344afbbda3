import type { OpenAPIHono } from '@hono/zod-openapi';
import { requestId } from 'hono/request-id';
import { PipelineError } from '../errors.ts';
import { accessLog } from './access-log.ts';
import type { ApiDeps } from './api-deps.ts';
import type { ApiEnv } from './api-env.ts';
import { createRoutes } from './api-routes.ts';
import { crossOrigin } from './cross-origin.ts';
import { guard } from './guard.ts';
import { refuseOtherMethods } from './other-methods.ts';
import { createErrorHandler } from './problem.ts';
import { requestContext } from './request-context.ts';
import { requestMetrics } from './request-metrics.ts';
import { cancelRoutes } from './routes/cancel.ts';
import { dIdRoutes } from './routes/d-id.ts';
import { docsRoutes } from './routes/docs.ts';
import { eventRoutes } from './routes/events.ts';
import { fileRoutes } from './routes/files.ts';
import { gpuRoutes } from './routes/gpu.ts';
import { healthRoutes } from './routes/health.ts';
import { infoRoutes } from './routes/info.ts';
import { linkRoutes } from './routes/links.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { modelHealthRoutes } from './routes/model-health.ts';
import { pageRoutes } from './routes/page.ts';
import { previewRoutes } from './routes/preview.ts';
import { retentionRoutes } from './routes/retention.ts';
import { statusRoutes } from './routes/status.ts';
import { storageRoutes } from './routes/storage.ts';
import { submitRoutes } from './routes/submit.ts';
import { timelineRoutes } from './routes/timeline.ts';
import { usageRoutes } from './routes/usage.ts';
import { webhookRoutes } from './routes/webhooks.ts';
import { securityHeaders } from './security-headers.ts';
import { traceRequest } from './trace-request.ts';

/** The HTTP API over whatever it is given. */
export function createApp(deps: ApiDeps): OpenAPIHono<ApiEnv> {
  const app = createRoutes();
  const answerError = createErrorHandler(deps.logger);
  app.onError(answerError);
  // Thrown from here, it would pass the middleware by, and its headers with it.
  app.notFound((c) =>
    answerError(new PipelineError('ROUTE_NOT_FOUND', `There is nothing at ${c.req.path}.`), c),
  );
  app.use(requestId());
  app.use(requestContext());
  app.use(traceRequest());
  app.use(accessLog(deps.logger));
  app.use(requestMetrics(deps.requests));
  app.use(securityHeaders());
  app.use(crossOrigin(deps.access.corsOrigins));
  app.use(guard(deps.access));
  app.route('/', submitRoutes(deps));
  app.route('/', statusRoutes(deps));
  app.route('/', eventRoutes(deps));
  app.route('/', fileRoutes(deps));
  app.route('/', linkRoutes(deps));
  app.route('/', previewRoutes(deps));
  app.route('/', cancelRoutes(deps));
  app.route('/', healthRoutes(deps));
  app.route('/', modelHealthRoutes(deps));
  app.route('/', gpuRoutes(deps));
  app.route('/', dIdRoutes(deps));
  app.route('/', webhookRoutes(deps));
  app.route('/', usageRoutes(deps));
  app.route('/', storageRoutes(deps));
  app.route('/', timelineRoutes(deps));
  app.route('/', metricsRoutes(deps));
  app.route('/', infoRoutes(deps));
  app.route('/', retentionRoutes(deps));
  app.route('/', pageRoutes(deps));
  app.route('/', docsRoutes(app));
  refuseOtherMethods(app);
  return app;
}
