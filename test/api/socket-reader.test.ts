import { expect, it } from 'vitest';
import { createSocketReader, type EventSocket } from '../../src/api/progress/socket-reader.ts';
import { COMMENT, encodeFrame } from '../../src/api/progress/sse.ts';

function fakeSocket() {
  const said: string[] = [];
  const socket: EventSocket & { bufferedAmount: number } = {
    bufferedAmount: 0,
    send: (text) => said.push(Buffer.from(text).toString()),
    ping: () => said.push('ping'),
    close: (code) => said.push(`close ${code}`),
    terminate: () => said.push('terminate'),
  };
  return { said, socket };
}

const message = (seq: number) => ({ seq, ...encodeFrame({ id: seq, data: { seq } }) });

it('queues events until the socket is open, in order', () => {
  const { reader, open } = createSocketReader({ maxQueuedBytes: 100 });
  const { said, socket } = fakeSocket();
  reader.send(message(1));
  reader.send({ bytes: COMMENT });
  open(socket);
  reader.send(message(2));
  reader.end(undefined);

  expect(said).toEqual(['{"seq":1}', 'ping', '{"seq":2}', 'close 1012']);
});

it('disconnects a reader that falls too far behind, and sends nothing more', () => {
  const { reader, open, onLeave } = createSocketReader({ maxQueuedBytes: 100 });
  const { said, socket } = fakeSocket();
  let left = 0;
  onLeave(() => {
    left += 1;
  });
  open(socket);
  reader.send(message(1));
  socket.bufferedAmount = 101;
  reader.send(message(2));
  reader.send(message(3));
  reader.end(undefined);

  expect(said).toEqual(['{"seq":1}', 'terminate']);
  expect(left).toBe(1);
});
