/** What a client may hold already (RFC 9110, 13.1): the headers that ask for a file only where it differs. */
export interface Validators {
  /** Strong, with its quotes. */
  etag: string;
  modifiedAt: Date;
}

/** Whether 304 is the answer. `If-None-Match` counts alone where it is there. */
export function isUnchanged(
  { etag, modifiedAt }: Validators,
  headers: { ifNoneMatch: string | undefined; ifModifiedSince: string | undefined },
): boolean {
  if (headers.ifNoneMatch !== undefined) {
    const tags = headers.ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
    return tags.includes('*') || tags.includes(etag);
  }
  return headers.ifModifiedSince !== undefined && toSeconds(modifiedAt) <= toSeconds(headers.ifModifiedSince);
}

/** Whether a range continues what the client has: without `If-Range` it trusts that it does. */
export function isRangeFresh({ etag, modifiedAt }: Validators, ifRange: string | undefined): boolean {
  return ifRange === undefined || ifRange === etag || toSeconds(modifiedAt) === toSeconds(ifRange);
}

/** HTTP dates hold whole seconds. NaN, which equals nothing, where it is no date. */
function toSeconds(date: Date | string): number {
  return Math.floor(new Date(date).getTime() / 1000);
}
