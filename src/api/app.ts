import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Hono } from 'hono';
import { requestId } from 'hono/request-id';
import { PipelineError } from '../errors.ts';
import { guard } from './access/guard.ts';
import { crossOrigin, securityHeaders } from './access/security-headers.ts';
import type { ApiEnv } from './http/api-env.ts';
import { limitBody } from './http/limit-body.ts';
import { accessLog, requestContext, requestMetrics, traceRequest } from './http/observe-request.ts';
import { createErrorHandler } from './http/problem.ts';
import type { ApiDeps } from './routes/api-deps.ts';
import { cancelRoutes } from './routes/cancel.ts';
import { createRoutes } from './routes/create-routes.ts';
import { docsRoutes } from './routes/docs.ts';
import { eraseRoutes } from './routes/erase.ts';
import { eventRoutes } from './routes/events.ts';
import { fileRoutes } from './routes/files.ts';
import { gpuRoutes } from './routes/gpu.ts';
import { healthRoutes } from './routes/health.ts';
import { infoRoutes } from './routes/info.ts';
import { linkRoutes } from './routes/links.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { modelHealthRoutes } from './routes/model-health.ts';
import { nameRoutes } from './routes/name.ts';
import { pageRoutes } from './routes/page.ts';
import { personRoutes } from './routes/person.ts';
import { photoPreviewRoutes } from './routes/previews.ts';
import { providerRoutes } from './routes/provider-health.ts';
import { queueRoutes } from './routes/queues.ts';
import { retentionRoutes } from './routes/retention.ts';
import { retryRoutes } from './routes/retry.ts';
import { statusRoutes } from './routes/status.ts';
import { storageRoutes } from './routes/storage.ts';
import { submitRoutes } from './routes/submit.ts';
import { taskListRoutes } from './routes/task-list.ts';
import { timelineRoutes } from './routes/timeline.ts';
import { usageRoutes } from './routes/usage.ts';
import { previewRoutes } from './routes/video-preview.ts';
import { watchRoutes } from './routes/watch.ts';
import { webhookRoutes } from './routes/webhooks.ts';
import { createRecentTimelines } from './tasks/timeline-summary.ts';

/** The HTTP API over its dependencies. */
export function createApp(deps: ApiDeps): OpenAPIHono<ApiEnv> {
  const app = createRoutes();
  const answerError = createErrorHandler(deps.logger);
  app.onError(answerError);
  // An error thrown here would skip the middleware and its headers.
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
  app.use(limitBody());
  app.route('/', submitRoutes(deps));
  const recent = createRecentTimelines(deps);
  app.route('/', statusRoutes(deps, recent));
  app.route('/', taskListRoutes(deps));
  app.route('/', eventRoutes(deps));
  app.route('/', fileRoutes(deps));
  app.route('/', linkRoutes(deps));
  app.route('/', previewRoutes(deps));
  app.route('/', photoPreviewRoutes(deps));
  app.route('/', cancelRoutes(deps));
  app.route('/', personRoutes(deps));
  app.route('/', nameRoutes(deps));
  app.route('/', retryRoutes(deps));
  app.route('/', eraseRoutes(deps));
  app.route('/', healthRoutes(deps));
  app.route('/', modelHealthRoutes(deps));
  app.route('/', gpuRoutes(deps));
  app.route('/', queueRoutes(deps));
  app.route('/', providerRoutes(deps));
  app.route('/', webhookRoutes(deps));
  app.route('/', usageRoutes(deps));
  app.route('/', storageRoutes(deps));
  app.route('/', timelineRoutes(deps, recent));
  app.route('/', metricsRoutes(deps));
  app.route('/', infoRoutes(deps, recent));
  app.route('/', retentionRoutes(deps));
  app.route('/', watchRoutes(deps));
  app.route('/', pageRoutes(deps));
  app.route('/', docsRoutes(app));
  refuseOtherMethods(app);
  return app;
}

/** Answers 405 with `Allow` at every path that has other methods. Call it after the last route. */
function refuseOtherMethods(app: Hono<ApiEnv>): void {
  const routes = app.routes.filter(({ method }) => method !== 'ALL');
  const methodsByPath = Map.groupBy(routes, ({ path }) => path);
  for (const [path, found] of methodsByPath) {
    const methods = new Set(found.map(({ method }) => method));
    // GET routes answer HEAD too.
    const allow = [...methods, ...(methods.has('GET') ? ['HEAD'] : [])].join(', ');
    app.all(path, (c) => {
      c.header('Allow', allow);
      throw new PipelineError('METHOD_NOT_ALLOWED', `Expected ${allow} but received ${c.req.method}.`);
    });
  }
}
