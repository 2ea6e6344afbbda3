/** An answer other than 2xx. */
export class EmulatorError extends Error {
  override readonly name = 'EmulatorError';
  readonly status: number;
  readonly kind: string;
  readonly retryAfterS: number | undefined;

  constructor(status: number, kind: string, description: string, retryAfterS?: number) {
    super(description);
    this.status = status;
    this.kind = kind;
    this.retryAfterS = retryAfterS;
  }
}
