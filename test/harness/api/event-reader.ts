import { EventSourceParserStream } from 'eventsource-parser/stream';
import type { StageEvent } from '../../../src/contracts/schemas/stage-event.ts';

export interface SseMessage {
  event: string | undefined;
  id: string | undefined;
  data: { event_type: string; data: Record<string, unknown>; seq?: number };
}

/** All messages of a response until it ends, or `enough` says so. */
export async function readMessages(
  answer: Response,
  enough: (messages: SseMessage[]) => boolean = () => false,
): Promise<SseMessage[]> {
  const messages: SseMessage[] = [];
  const parsed = answer.body!.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  for await (const { event, id, data } of parsed) {
    messages.push({ event, id, data: JSON.parse(data) });
    if (enough(messages)) break;
  }
  return messages;
}

export function stageEvents(messages: SseMessage[]): StageEvent[] {
  return messages.filter(({ event }) => event === undefined).map(({ data }) => data as unknown as StageEvent);
}

export function seqs(messages: SseMessage[]): number[] {
  return stageEvents(messages).map(({ seq }) => seq);
}
