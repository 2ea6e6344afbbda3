/** A secret that may be replaced. The old one stays valid for a while, so that its users can switch. */
export interface RotatedSecret {
  /** ISO 8601. Set when another secret has replaced it. */
  expires_at?: string;
}

export function isValidAt({ expires_at }: RotatedSecret, nowMs: number): boolean {
  return expires_at === undefined || Date.parse(expires_at) > nowMs;
}

/** The secrets that are still valid now, none of them for longer than `endMs`: a later rotation never extends one. */
export function expireBy<S extends RotatedSecret>(secrets: readonly S[], nowMs: number, endMs: number): S[] {
  const end = new Date(endMs).toISOString();
  return secrets
    .filter((secret) => isValidAt(secret, nowMs))
    .map((secret) => ({ ...secret, expires_at: isValidAt(secret, endMs) ? end : secret.expires_at! }));
}
