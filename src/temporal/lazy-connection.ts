import { Connection } from '@temporalio/client';

/**
 * For a process that goes on while Temporal is away: connects with the first call, fails calls at once in place of
 * trying them again (its callers are told when to come back, or have a backoff of their own; and a retry that the SDK
 * has pending when the connection is closed ends the process), and is back seconds after Temporal is.
 */
export function openLazyConnection(address: string): Connection {
  return Connection.lazy({
    address,
    interceptors: [],
    channelArgs: { 'grpc.initial_reconnect_backoff_ms': 250, 'grpc.max_reconnect_backoff_ms': 2_000 },
  });
}
