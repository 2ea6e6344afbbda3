import { readFileSync } from 'node:fs';
import { type ClientConfigProfile, loadClientConfigProfile } from '@temporalio/envconfig';
import type { ConfigFault } from './secret-files.ts';

/** How a Temporal cluster is reached: address, namespace, API key, TLS and gRPC headers. */
export type TemporalProfile = ClientConfigProfile;

/**
 * The connection to Temporal as Temporal's own tools read it: a profile of their TOML file, overridden by the variables.
 *
 * The file is read only if TEMPORAL_CONFIG_FILE or TEMPORAL_PROFILE is set. The tools read the one in the user's folder
 * without being asked, but then `npm start` would submit its tasks to whichever cluster the user works with.
 */
export function readTemporalProfile(values: Record<string, string | undefined>): {
  profile: TemporalProfile;
  faults: ConfigFault[];
} {
  const { TEMPORAL_CONFIG_FILE: path, TEMPORAL_PROFILE: name } = values;
  let profile: TemporalProfile;
  try {
    profile = loadClientConfigProfile({
      ...(path === undefined
        ? { disableFile: name === undefined }
        : { configSource: { data: readFileSync(path) } }),
      // A misspelt key must not leave a connection without TLS.
      configFileStrict: true,
      overrideEnvVars: values as Record<string, string>,
    });
  } catch (error) {
    const variable =
      path !== undefined ? 'TEMPORAL_CONFIG_FILE' : name !== undefined ? 'TEMPORAL_PROFILE' : 'TEMPORAL_TLS';
    return { profile: {}, faults: [{ name: variable, message: toReason(error as NodeJS.ErrnoException) }] };
  }
  return { profile, faults: [] };
}

function toReason({ code, message }: NodeJS.ErrnoException): string {
  if (code) {
    return `the file cannot be read (${code})`;
  }
  if (/^Profile .* not found/.test(message)) {
    return 'there is no such profile in the file';
  }
  // The further lines of a syntax error quote the file, which may contain a key.
  return message.split('\n')[0]!;
}
