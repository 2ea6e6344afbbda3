import { signal } from '@preact/signals';
import { CONSENT_TEXTS } from '../../src/contracts/consent.ts';
import { DEFAULT_BACKGROUND } from '../../src/contracts/job.ts';
import type { Info } from '../../src/contracts/schemas/operation.ts';
import { readJson } from '../server/server.ts';
import { strings } from '../strings/strings.ts';

/** Limits and options of the server. Its defaults until they are loaded. */
export const info = signal<Info>({
  providers: [
    {
      name: 'local',
      label: 'the built-in renderer',
      kind: 'local',
      available: true,
      transparent_background: true,
    },
  ],
  defaults: { conf_threshold: 0.5, background: DEFAULT_BACKGROUND, long_side_px: 720 },
  other_steps_ms: 0,
  consent: { required: false, texts: CONSENT_TEXTS },
  limits: { image_bytes: 25e6, audio_bytes: 50e6, background_image_bytes: 25e6 },
});

export async function readInfo(): Promise<void> {
  const answer = await readJson<Info>('/api/info');
  if (answer?.limits) {
    info.value = answer;
  }
}

/** The provider by its name, or the one that the server uses for `auto`. */
export function findProvider(name: string): Info['providers'][number] | undefined {
  return info.value.providers.find((one) => (name === 'auto' ? one.available : one.name === name));
}

/** The page's own name for the provider, else the server's. */
export function providerLabel(name: string): string {
  const { providers } = strings.value.create.options;
  return providers[name] ?? findProvider(name)?.label ?? name;
}

/** URL in Temporal's Web UI. Undefined if that is only reachable on the server itself. */
export function webUiUrl(path: string): string | undefined {
  const webUi = info.value.web_ui;
  if (!webUi) {
    return undefined;
  }
  const url = new URL(`${webUi.url}/namespaces/${webUi.namespace}/${path}`);
  const isLoopback = url.hostname === '127.0.0.1' || url.hostname === 'localhost';
  return isLoopback && !['127.0.0.1', 'localhost', '[::1]'].includes(location.hostname)
    ? undefined
    : url.href;
}
