import type { z } from 'zod';
import type { ProviderTerms } from '../contracts/provider-gate.ts';
import type { FaceCheck } from '../contracts/schemas/photo-preview.ts';
import type { SlotPool } from './slot-task.ts';
import type {
  FacesRequest,
  PortraitFiles,
  RemoteVideoProvider,
  RenderedTalk,
  TalkProgress,
  TalkRequest,
  VideoProvider,
} from './video-provider.ts';

/**
 * Everything that the rest of Limelight knows about a provider. A provider is a folder that exports one of these, and a
 * line in `src/providers/registry.ts`. A descriptor is cheap to load: heavy modules are imported when they are used.
 */
export type ProviderDescriptor = LocalProviderDescriptor | RemoteProviderDescriptor;

interface CommonDescriptor {
  /** Its name in jobs, queues, paths and metrics: lower-case letters, digits and hyphens. */
  readonly name: string;
  /** Its name in sentences, such as "D-ID" or "the built-in renderer". */
  readonly label: string;
  readonly capabilities: {
    /** Whether it makes WebM videos with alpha, for `background=transparent`. */
    transparentBackground: boolean;
    /** Default: the server's own limit. */
    maxVoiceS?: number;
  };
}

/** Renders in one of our own activities. */
export interface LocalProviderDescriptor extends CommonDescriptor {
  readonly kind: 'local';
  /** Task queue of the activity, one of `QUEUES`. */
  readonly queue: string;
  /** Whether this machine has what it needs. Workers may have other folders than the API. */
  isInstalled(models: RendererConfig['models']): Promise<boolean>;
  /** Changes whenever its videos may: part of the key under which they are cached. Without it they are not. */
  producerVersion(config: RendererConfig): Promise<string | undefined>;
  /**
   * Starts the processes that render. `undefined` if it is not installed here: then this worker does not poll its queue.
   * @param logger a pino logger.
   */
  openPool(config: RendererConfig, logger: object): Promise<RendererPool | undefined>;
  createRenderer(pool: RendererPool): Promise<VideoProvider>;
}

/** A check of a portrait returns nothing. */
export type RendererResult = RenderedTalk | FaceCheck[] | undefined;
export type RendererPool = SlotPool<RendererInput, RendererResult, TalkProgress>;

export type RendererInput =
  | { kind: 'render'; request: TalkRequest; videoPath: string }
  | { kind: 'check'; portrait: PortraitFiles }
  | { kind: 'faces'; request: FacesRequest };

/** The settings that renderers on our own machines share. */
export interface RendererConfig {
  /** Folders of models. */
  models: { dir?: string | undefined; cacheDir: string };
  render: { slots: number; timeoutMs: number; longSidePx: number; mark: boolean; provenance: boolean };
  onnx: { threads: number };
  /** How its processes are confined (`src/slots/confinement.ts`), and where each gets its folder. */
  slots: { confinement: 'auto' | 'required' | 'node'; scratch: string };
}

/** Makes talks elsewhere, for money. */
export interface RemoteProviderDescriptor<S extends RemoteSettings = RemoteSettings>
  extends CommonDescriptor {
  readonly kind: 'remote';
  /** Seconds of voice that a credit pays for. Part of a second counts as a whole one. */
  readonly secondsPerCredit: number;
  readonly settings: ProviderSettings<S>;
  /** Changes whenever its videos may: part of the key under which they are cached. */
  producerVersion(settings: S): string;
  /** Opens connections of its own, and closes them when disposed. */
  open(settings: S): Promise<RemoteVideoProvider & AsyncDisposable>;
  /** Reads a webhook. Without this method the provider has none, and talks are polled. */
  parseWebhook?(body: unknown): TalkHint | undefined;
  /** The check of `limelight doctor`. Changes nothing, costs nothing, and takes a few seconds at most. */
  examine(settings: S | undefined): Promise<ProviderFinding>;
  /** A stand-in for tests and demonstrations, which costs nothing. */
  readonly emulator?: ProviderEmulator;
}

/** The environment variables of a provider. */
export interface ProviderSettings<S extends RemoteSettings = RemoteSettings> {
  /** The variables by name, each with a description for `.env.example`. */
  readonly variables: Readonly<Record<string, z.ZodType>>;
  /** Names of variables that no log line or span shows, and that may come from files. */
  readonly secrets: readonly string[];
  /** What the operator has to set: "an API key (D_ID_API_KEY)". */
  readonly required: string;
  /** Name of the variable that limits how long a talk may take. */
  readonly talkTimeout: string;
  /** @returns `undefined` if the provider is not set up. The result is plain data. */
  read(values: Record<string, unknown>): S | undefined;
}

export interface RemoteSettings {
  terms: ProviderTerms;
  /** Maximum over all workers. */
  requestsPerS: number;
  /** End of the path of its webhooks. Without it webhooks are refused. */
  webhookSecret?: string | undefined;
}

/** The content of a webhook. It is unsigned, so it only makes a job check its talk earlier. */
export interface TalkHint {
  taskId: string;
  /** Whether the talk may have ended. If not, there is nothing to check yet. */
  mayHaveEnded: boolean;
}

export interface ProviderFinding {
  state: 'ok' | 'note' | 'fault';
  found: string;
  /** The command that fixes it. */
  fix?: string;
}

export interface ProviderEmulator {
  readonly defaultPort: number;
  readonly defaultKey: string;
  start(options: EmulatorOptions): Promise<{ url: string } & AsyncDisposable>;
  /** The settings with which Limelight uses the emulator. */
  toSettings(emulator: { url: string; key: string }): Record<string, string>;
}

export interface EmulatorOptions {
  port: number;
  key: string;
  credits: number;
  /** Origin that webhooks are sent to, in place of their https address. */
  webhooksTo?: string | undefined;
  /** Random faults; the same seed gives the same faults. */
  faultSeed?: number | undefined;
  /** Answers to the next calls, such as `createTalk=504,ok`. */
  answers?: string | undefined;
}
