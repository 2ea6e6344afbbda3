import { z } from 'zod';
import { listOf, port } from './kinds.ts';

const text = (description: string) => z.string().optional().describe(description);

/** Where `limelight codec-server` listens by default. */
export const CODEC_SERVER_PORT = 55_437;

const KEY_BYTES = 32;

/** 32 bytes in base64, as `openssl rand -base64 32` prints them. */
const payloadKey = z
  .string()
  .refine(
    (key) => /^[A-Za-z0-9+/]+=*$/.test(key) && Buffer.from(key, 'base64').length === KEY_BYTES,
    'expected keys of 32 bytes in base64, as `openssl rand -base64 32` prints them',
  );

/** How to reach Temporal. The names of the connection are those of Temporal's own tools. */
export const temporalVariables = {
  TEMPORAL_ADDRESS: text('host:port of a Temporal cluster; without it an embedded server starts'),
  TEMPORAL_NAMESPACE: text('Temporal namespace; default: `default`'),
  TEMPORAL_API_KEY: text('API key of the cluster; turns TLS on'),
  TEMPORAL_TLS: z
    .enum(['true', 'false'])
    .optional()
    .describe('Whether to connect with TLS; default: true if a key, certificate or server name is set'),
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: text(
    "PEM file of the authority that signs the server's certificate; default: those of the system",
  ),
  TEMPORAL_TLS_SERVER_CA_CERT_DATA: text('Certificate of that authority as text, instead of a file'),
  TEMPORAL_TLS_SERVER_NAME: text(
    "Name that the server's certificate must have; default: the host of TEMPORAL_ADDRESS",
  ),
  TEMPORAL_TLS_CLIENT_CERT_PATH: text('PEM file of the certificate with which Limelight identifies itself'),
  TEMPORAL_TLS_CLIENT_CERT_DATA: text('That certificate as text, instead of a file'),
  TEMPORAL_TLS_CLIENT_KEY_PATH: text('PEM file of its private key, without a passphrase'),
  TEMPORAL_TLS_CLIENT_KEY_DATA: text('That private key as text, instead of a file'),
  TEMPORAL_CONFIG_FILE: text(
    "TOML file with profiles of these settings, as Temporal's CLI writes it; the variables take precedence",
  ),
  TEMPORAL_PROFILE: text(
    "Profile of TEMPORAL_CONFIG_FILE, or of `temporalio/temporal.toml` in the user's configuration folder; default: `default` of TEMPORAL_CONFIG_FILE",
  ),
  TEMPORAL_PAYLOAD_KEYS: listOf(payloadKey).describe(
    'Keys that encrypt what Temporal stores: the first encrypts, all decrypt; separated by commas or line breaks',
  ),
  TEMPORAL_CODEC_ENDPOINT: z
    .url()
    .default(`http://127.0.0.1:${CODEC_SERVER_PORT}`)
    .describe("Address of `limelight codec-server`, for the embedded server's Web UI"),
  TEMPORAL_PORT: port.default(7233).describe('Port of the embedded Temporal server'),
  TEMPORAL_UI_PORT: port
    .default(8233)
    .describe("Port of the embedded server's Web UI; on macOS there is none"),
  TEMPORAL_UI_URL: z
    .url()
    .optional()
    .describe("Address of Temporal's Web UI for links on the page; default: the embedded server's"),
};
