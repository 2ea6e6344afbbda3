import { z } from 'zod';
import { isFailure } from '../../errors.ts';
import type { ProviderFinding, RemoteProviderDescriptor } from '../../ports/provider.ts';
import { AUDIO_LIMITS, SECONDS_PER_CREDIT } from './limits.ts';
import { requestIdOf, Webhook } from './response-schemas.ts';
import { type DIdSettings, dIdSettings } from './settings.ts';

const ACCOUNT_URL = 'https://studio.d-id.com/account-settings';

const TaskId = z.uuid();
const IN_PROGRESS: ReadonlySet<string | undefined> = new Set(['created', 'started']);

export const dId: RemoteProviderDescriptor<DIdSettings> = {
  kind: 'remote',
  name: 'd-id',
  label: 'D-ID',
  capabilities: { transparentBackground: false, maxVoiceS: AUDIO_LIMITS.durationS },
  secondsPerCredit: SECONDS_PER_CREDIT,
  settings: dIdSettings,

  producerVersion: ({ apiUrl, stitch }) => `${apiUrl}/${stitch ? 'stitched' : 'face'}`,

  async open(settings) {
    const { openDId } = await import('./d-id-provider.ts');
    return openDId(settings);
  },

  /** D-ID sends the whole talk. Only its job and its status count: the job itself asks D-ID for the rest. */
  parseWebhook(body) {
    const webhook = Webhook.safeParse(body);
    const taskId = TaskId.safeParse(webhook.data && requestIdOf(webhook.data));
    return taskId.success
      ? { taskId: taskId.data, mayHaveEnded: !IN_PROGRESS.has(webhook.data?.status) }
      : undefined;
  },

  examine,

  emulator: {
    defaultPort: 55_440,
    defaultKey: 'emulator:emulator',
    async start({ port, key, credits, webhooksTo, faultSeed, answers }) {
      const { NO_FAULTS } = await import('../../../emulators/d-id/faults.ts');
      const { parseFaultScript } = await import('../../../emulators/d-id/parse-fault-script.ts');
      const { seededFaults } = await import('../../../emulators/d-id/seeded-faults.ts');
      const { startEmulator } = await import('../../../emulators/d-id/start-emulator.ts');
      const scripted = answers === undefined ? NO_FAULTS : parseFaultScript(answers);
      const random = faultSeed === undefined ? NO_FAULTS : seededFaults(faultSeed);
      const emulator = await startEmulator({ port, ...(webhooksTo && { webhookOrigin: webhooksTo }) });
      emulator.open({ apiKey: key, credits, faults: (call) => scripted(call) ?? random(call) });
      return emulator;
    },
    toSettings: ({ url, key }) => ({ D_ID_API_URL: url, D_ID_API_KEY: key }),
  },
};

/** D-ID accepts the key and the account has credits. Reading credits costs nothing. */
async function examine(settings: DIdSettings | undefined): Promise<ProviderFinding> {
  if (!settings) {
    return { state: 'ok', found: 'D_ID_API_KEY is not set: the built-in renderer makes the videos' };
  }
  const { apiUrl } = settings;
  const timeouts = { connectMs: Math.min(settings.timeouts.connectMs, 3_000), answerMs: 5_000 };
  await using provider = await dId.open({ ...settings, timeouts });
  try {
    const { remaining, total } = await provider.readCredits();
    const found = `${apiUrl} accepts the key; ${remaining} of ${total} credits are left`;
    return remaining > 0
      ? { state: 'ok', found }
      : {
          state: 'note',
          found: `${found}: tasks for D-ID wait, or do what their on_outage says`,
          fix: `open ${ACCOUNT_URL}`,
        };
  } catch (error) {
    return isFailure(error, 'PROVIDER_UNAUTHORIZED')
      ? {
          state: 'fault',
          found: `${apiUrl} does not accept D_ID_API_KEY, which is API_USERNAME:API_PASSWORD`,
          fix: `open ${ACCOUNT_URL}`,
        }
      : {
          state: 'fault',
          found: error instanceof Error ? error.message.split('\n')[0]! : String(error),
          fix: `curl -sS -o /dev/null -w '%{http_code}\\n' ${apiUrl}/credits`,
        };
  }
}
