import type proto from '@temporalio/proto';

type Time = proto.google.protobuf.ITimestamp | proto.google.protobuf.IDuration | null | undefined;

/** A protobuf timestamp as milliseconds since 1970, or a duration as milliseconds. Exact to the microsecond; 0 if absent. */
export function toMs(time: Time): number {
  return Number(time?.seconds ?? 0) * 1000 + Number(time?.nanos ?? 0) / 1e6;
}

/** Milliseconds since 1970 as ISO 8601. */
export function toIso(ms: number): string {
  return new Date(ms).toISOString();
}
