import { describe, expect, it } from 'vitest';
import { createEventStream } from '../../src/api/progress/event-stream.ts';

const EVENT = { seq: 1, bytes: new Uint8Array(100) };

describe('createEventStream', () => {
  it('disconnects a reader that does not read, and reports that it left', async () => {
    let disconnects = 0;
    let left = 0;
    const stream = createEventStream({ maxQueuedBytes: 1000, disconnect: () => (disconnects += 1) });
    stream.onLeave(() => (left += 1));

    for (let event = 0; event < 100; event++) stream.reader.send(EVENT);

    expect([disconnects, left]).toEqual([1, 1]);
    await expect(stream.body.getReader().read()).rejects.toThrow('too slow');
  });

  it('ends after the last event, and delivers everything before', async () => {
    const stream = createEventStream({
      maxQueuedBytes: 1000,
      disconnect: () => expect.fail('the reader is not slow'),
    });
    stream.reader.send(EVENT);
    stream.reader.end({ success: false } as never);
    stream.reader.send(EVENT);

    const bytes = await new Response(stream.body).bytes();
    expect(bytes.length).toBe('retry: 1000\n\n'.length + 100);
  });

  it('says when to reconnect if the process stops before the job ends', async () => {
    const stream = createEventStream({ maxQueuedBytes: 1000, disconnect: () => {} });
    stream.reader.end(undefined);

    // Or it would be answered 204, and stay away from a job that goes on.
    expect(stream.isOver).toBe(false);
    expect(await new Response(stream.body).text()).toBe('retry: 1000\n\nretry: 1000\n\n');
  });

  it('is over for a reader that already has the last event', () => {
    const stream = createEventStream({ maxQueuedBytes: 1000, disconnect: () => {} });
    stream.reader.end({ success: true } as never);

    expect(stream.isOver).toBe(true);
  });

  it('reports at once that a reader left before the stream began', async () => {
    const stream = createEventStream({ maxQueuedBytes: 1000, disconnect: () => {} });
    await stream.body.cancel();
    let left = 0;
    stream.onLeave(() => (left += 1));

    expect(left).toBe(1);
  });
});
