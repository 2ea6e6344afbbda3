import { createRoute } from '@hono/zod-openapi';
import { DEFAULT_BACKGROUND } from '../../contracts/job.ts';
import { Info } from '../../contracts/schemas/operation.ts';
import type { OfferedProvider } from '../submit/choose-provider.ts';
import type { ApiDeps } from './api-deps.ts';
import { createRoutes } from './create-routes.ts';

const info = createRoute({
  method: 'get',
  path: '/api/info',
  tags: ['Operation'],
  summary: 'Providers, defaults and limits of this server',
  responses: { 200: { description: 'As configured.', content: { 'application/json': { schema: Info } } } },
});

export function infoRoutes({
  defaults,
  limits,
  providers,
  webUi,
}: Pick<ApiDeps, 'defaults' | 'limits' | 'providers' | 'webUi'>) {
  return createRoutes().openapi(info, (c) => {
    c.header('Cache-Control', 'no-store');
    return c.json(
      {
        providers: providers.map(toWire),
        defaults: { conf_threshold: defaults.confThreshold, background: DEFAULT_BACKGROUND },
        limits: {
          image_bytes: limits.imageBytes,
          audio_bytes: limits.audioBytes,
          background_image_bytes: limits.backgroundImageBytes,
        },
        ...(webUi && { web_ui: webUi }),
      },
      200,
    );
  });
}

function toWire({ descriptor: { name, label, kind, capabilities }, isAvailable }: OfferedProvider) {
  const { transparentBackground, maxVoiceS } = capabilities;
  return {
    name,
    label,
    kind,
    available: isAvailable,
    transparent_background: transparentBackground,
    ...(maxVoiceS !== undefined && { max_voice_s: maxVoiceS }),
  };
}
