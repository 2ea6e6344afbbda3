import { PipelineError } from '../../errors.ts';
import type { RemoteTalk, RemoteVideoProvider } from '../../ports/video-provider.ts';
import { isWithoutStitch, toTalkError } from './d-id-error.ts';
import type { DIdHttp } from './d-id-http.ts';
import { CreatedAnswer, requestIdOf, TalkAnswer, TalksAnswer } from './response-schemas.ts';

export interface TalkOptions {
  http: DIdHttp;
  /** https address for webhooks. Absent if D-ID cannot reach this server. */
  webhookUrl?: string;
  /** Whether videos show the whole portrait. Plans without this feature show the face only. */
  stitch: boolean;
}

type TalkCalls = Pick<RemoteVideoProvider, 'createTalk' | 'findTalk' | 'readTalk'>;

const STATES = { created: 'waiting', started: 'working', done: 'done' } as const;
/** D-ID's maximum. */
const PAGE_SIZE = '100';
/** Ten thousand talks, which take two minutes to search. */
const MAX_PAGES = 100;
/** Between D-ID's clock and ours. Its times have no time zone. */
const CLOCK_SKEW_MS = 24 * 3_600_000;

const CROPPED =
  'D-ID shows only the face, because the plan of its account does not include the whole portrait.';
const WATERMARKED = "The video has D-ID's watermark, because of the plan of its account.";

/** Talks at D-ID. Their `user_data` is the id of the job. */
export function createTalks({ http, webhookUrl, stitch }: TalkOptions) {
  async function post(
    request: Parameters<TalkCalls['createTalk']>[0],
    withStitch: boolean,
  ): Promise<{ talkId: string }> {
    try {
      const talk = await http({
        method: 'POST',
        path: '/talks',
        json: {
          source_url: request.portraitUrl,
          script: { type: 'audio', audio_url: request.voiceUrl },
          ...(withStitch && { config: { stitch: true } }),
          user_data: request.requestId,
          name: request.requestId,
          ...(webhookUrl && { webhook: webhookUrl }),
        },
        answer: CreatedAnswer,
      });
      return { talkId: talk.id };
    } catch (error) {
      throw toCreateError(error);
    }
  }
  const get = async (talkId: string) =>
    http({ method: 'GET', path: `/talks/${encodeURIComponent(talkId)}`, answer: TalkAnswer });

  return {
    async createTalk(request) {
      try {
        return await post(request, stitch);
      } catch (error) {
        if (!stitch || !isWithoutStitch(error)) {
          throw error;
        }
      }
      return { ...(await post(request, false)), warnings: [CROPPED] };
    },

    async findTalk(requestId, createdSince) {
      const since = createdSince === undefined ? Number.NaN : Date.parse(createdSince) - CLOCK_SKEW_MS;
      const ours: Array<{ id: string; created_at: string }> = [];
      const times: number[] = [];
      let token: string | null | undefined;
      for (let pages = 1; ; pages += 1) {
        const query = { limit: PAGE_SIZE, ...(token && { token }) };
        const page = await http({ method: 'GET', path: '/talks', query, answer: TalksAnswer });
        ours.push(...page.talks.filter((talk) => requestIdOf(talk) === requestId));
        times.push(...page.talks.map(({ created_at }) => Date.parse(created_at)));
        token = page.token;
        // D-ID promises no order: leave early only if the list has been in order so far.
        const isPast = isNewestFirst(times) && times.at(-1)! < since;
        const isLong = pages === MAX_PAGES;
        if (!token || isPast || (isLong && ours.length > 0)) {
          break;
        }
        if (isLong) {
          throw new PipelineError(
            'PROVIDER_RESPONSE_INVALID',
            `D-ID lists more than ${times.length} talks, not newest first, so the talk of ${requestId} cannot be found. Delete old talks there.`,
          );
        }
      }
      const [first] = ours.sort((a, b) => a.created_at.localeCompare(b.created_at));
      return first && { talkId: first.id };
    },

    async readTalk(talkId): Promise<RemoteTalk> {
      const { status, config, error } = await get(talkId);
      if (status === 'error' || status === 'rejected') {
        throw toTalkError(status, error ?? { kind: 'without a reason' });
      }
      const warnings = [
        ...(stitch && config?.stitch === false ? [CROPPED] : []),
        ...(config?.show_watermark ? [WATERMARKED] : []),
      ];
      return { talkId, status, state: STATES[status], ...(warnings.length > 0 && { warnings }) };
    },

    /** Presigned. */
    async resultUrl(talkId: string): Promise<string> {
      const { result_url, status } = await get(talkId);
      if (!result_url) {
        throw new PipelineError(
          'PROVIDER_UNAVAILABLE',
          `D-ID has no video of the talk yet; its status is "${status}"`,
        );
      }
      return result_url;
    },
  } satisfies TalkCalls & { resultUrl(talkId: string): Promise<string> };
}

function isNewestFirst(times: number[]): boolean {
  return times.every((at, index) => index === 0 || at <= times[index - 1]!);
}

/**
 * After a broken connection, a 5xx or a conflict, which D-ID does not explain, the talk may exist, and another order would
 * pay for it twice.
 */
function toCreateError(error: unknown): unknown {
  if (!(error instanceof PipelineError)) {
    return error;
  }
  const { code, details, message } = error;
  const isOutage = code === 'PROVIDER_UNAVAILABLE' && details?.status !== 429 && details?.status !== 425;
  if (details?.sent && (isOutage || code === 'PROVIDER_BUSY' || code === 'PROVIDER_RESPONSE_INVALID')) {
    return new PipelineError(
      'PROVIDER_AMBIGUOUS',
      `${message.replace(/\.?$/, '.')} It may have started the talk.`,
      {
        cause: error,
        details,
      },
    );
  }
  return error;
}
