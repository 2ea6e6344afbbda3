import { createRoute } from '@hono/zod-openapi';
import { CONSENT_TEXTS } from '../../contracts/consent.ts';
import { DEFAULT_BACKGROUND } from '../../contracts/job.ts';
import { Info } from '../../contracts/schemas/operation.ts';
import { MAX_LONG_SIDE_PX } from '../../contracts/video-format.ts';
import { expectedRendering, expectedStage, STAGES_BESIDE_RENDERING } from '../progress/expected-times.ts';
import type { OfferedProvider } from '../submit/choose-provider.ts';
import type { RecentTimelines } from '../tasks/timeline-summary.ts';
import type { ApiDeps } from './api-deps.ts';
import { createRoutes } from './create-routes.ts';

const info = createRoute({
  method: 'get',
  path: '/api/info',
  tags: ['Operation'],
  summary: 'Providers, defaults and limits of this server',
  responses: { 200: { description: 'As configured.', content: { 'application/json': { schema: Info } } } },
});

export function infoRoutes(
  { defaults, limits, providers, webUi }: Pick<ApiDeps, 'defaults' | 'limits' | 'providers' | 'webUi'>,
  recent: Pick<RecentTimelines, 'peek'>,
) {
  return createRoutes().openapi(info, (c) => {
    const times = recent.peek();
    const sizes = [...new Set([defaults.longSidePx, MAX_LONG_SIDE_PX])].map((longSidePx) => ({
      long_side_px: longSidePx,
      ms_per_voice_s: Math.round(
        expectedRendering(times, { provider: 'local', longSidePx }, defaults.longSidePx)!.p50,
      ),
    }));
    c.header('Cache-Control', 'no-store');
    return c.json(
      {
        providers: providers.map((provider) => ({
          ...toWire(provider),
          ...(provider.descriptor.name === 'local' && { sizes }),
        })),
        defaults: {
          conf_threshold: defaults.confThreshold,
          background: DEFAULT_BACKGROUND,
          long_side_px: defaults.longSidePx,
        },
        other_steps_ms: STAGES_BESIDE_RENDERING.reduce(
          (sum, stage) => sum + expectedStage(times, stage).p50,
          0,
        ),
        consent: { required: defaults.requiresConsent ?? false, texts: CONSENT_TEXTS },
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
