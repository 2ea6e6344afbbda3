const CENSOR = '[redacted]';
/** Shorter values would match parts of ordinary words. */
const MIN_SECRET_CHARS = 4;

/** Credentials inside other text: signed links, and headers in a sentence. */
const PATTERNS: ReadonlyArray<[pattern: RegExp, replacement: string]> = [
  [/([?&;](?:[\w-]*(?:signature|token|credential)|sig|api_?key)=)[^&\s"'\\]+/gi, `$1${CENSOR}`],
  [/\b(Bearer|Basic)\s+[\w+/=:.~-]{6,}/g, `$1 ${CENSOR}`],
];

/**
 * Removes secrets anywhere in a log line, because a library's error may contain a header or a URL. Finds each secret as
 * plain text, in JSON, in a URL and in base64.
 * @param secretPaths prefixes of paths whose rest is a secret.
 */
export function createRedactor(
  secrets: readonly string[],
  secretPaths: readonly string[] = [],
): (line: string) => string {
  const forms = secrets
    .flatMap((secret) => [secret, ...secret.split(/[=,]/)])
    .filter((secret) => secret.length >= MIN_SECRET_CHARS)
    .flatMap((secret) => [
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret),
      Buffer.from(secret).toString('base64'),
      Buffer.from(secret).toString('base64url'),
    ]);
  // Longest first, so that nothing of a secret stays if another one is its prefix.
  const ordered = [...new Set(forms)].sort((a, b) => b.length - a.length);
  const patterns = [
    ...PATTERNS,
    ...secretPaths.map((path) => [new RegExp(`(${path})[^\\s"'\\\\?]+`, 'g'), `$1${CENSOR}`] as const),
  ];
  return (line) => {
    let clean = line;
    for (const form of ordered) {
      clean = clean.replaceAll(form, CENSOR);
    }
    for (const [pattern, replacement] of patterns) {
      clean = clean.replace(pattern, replacement);
    }
    return clean;
  };
}
