import { openDId } from '../../providers/d-id/open-d-id.ts';
import { type Check, fault, note, ok, toSentence } from './finding.ts';

const ACCOUNT = 'https://studio.d-id.com/account-settings';

/** D-ID accepts the key and the account has credits. The request is free. */
export const checkDId: Check = async ({ config }) => {
  const { apiKey, apiUrl, timeouts } = config.dId;
  if (!apiKey) {
    return [ok('d-id', 'no D_ID_API_KEY is set: the built-in renderer makes the videos')];
  }
  const shortTimeouts = { connectMs: Math.min(timeouts.connectMs, 3_000), answerMs: 5_000 };
  await using provider = openDId({ ...config.dId, apiKey, timeouts: shortTimeouts });
  try {
    const { remaining, total } = await provider.readCredits();
    const found = `${apiUrl} accepts the key; ${remaining} of ${total} credits left`;
    return [
      remaining > 0
        ? ok('d-id', found)
        : note('d-id', `${found}: jobs for D-ID follow their on_outage option`, `open ${ACCOUNT}`),
    ];
  } catch (error) {
    const code = (error as { code?: string }).code;
    return [
      code === 'PROVIDER_UNAUTHORIZED'
        ? fault(
            'd-id',
            `${apiUrl} rejects the key in D_ID_API_KEY; expected API_USERNAME:API_PASSWORD`,
            `open ${ACCOUNT}`,
          )
        : fault('d-id', toSentence(error), `curl -sS -o /dev/null -w '%{http_code}\\n' ${apiUrl}/credits`),
    ];
  }
};
