import type proto from '@temporalio/proto';

/** Milliseconds since 1970, to the microsecond. */
export function toMs(time: proto.google.protobuf.ITimestamp | null | undefined): number {
  return Number(time?.seconds ?? 0) * 1000 + Number(time?.nanos ?? 0) / 1e6;
}
