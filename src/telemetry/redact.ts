const CENSOR = '[redacted]';
/** A value that is shorter would be found in every other word. */
const LEAST_CHARACTERS = 4;

/** What gives access although it is in no field of its own: signed links, and credentials in a sentence. */
const PATTERNS: ReadonlyArray<[pattern: RegExp, replacement: string]> = [
  [/([?&;](?:[\w-]*(?:signature|token|credential)|sig|api_?key)=)[^&\s"'\\]+/gi, `$1${CENSOR}`],
  [/\b(Bearer|Basic)\s+[\w+/=:.~-]{6,}/g, `$1 ${CENSOR}`],
];

/**
 * Takes secrets out of a line of a log, wherever in it they are: a library's error may hold a header or a URL that nobody
 * thought of. Each is found as it is, in JSON, in a URL and in base64.
 * @param secretPaths beginnings of paths whose rest is a secret.
 */
export function createRedactor(
  secrets: readonly string[],
  secretPaths: readonly string[] = [],
): (line: string) => string {
  const forms = secrets
    .flatMap((secret) => [secret, ...secret.split(/[=,]/)])
    .filter((secret) => secret.length >= LEAST_CHARACTERS)
    .flatMap((secret) => [
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret),
      Buffer.from(secret).toString('base64'),
      Buffer.from(secret).toString('base64url'),
    ]);
  // The longest first, so that no part of one is left when another is its beginning.
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
