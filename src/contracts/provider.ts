interface CommonFacts {
  /** As jobs name it: `d-id`. */
  name: string;
  /** As sentences name it: "D-ID", "the built-in renderer". */
  label: string;
  /** Task queue of its activities. */
  queue: string;
}

/** Renders in an activity of ours. */
export interface LocalProviderFacts extends CommonFacts {
  kind: 'local';
}

/** Makes a talk elsewhere, for money. */
export interface RemoteProviderFacts extends CommonFacts {
  kind: 'remote';
  /** A credit pays for so many seconds of voice; a second that is begun counts. */
  secondsPerCredit: number;
  /** The setting to raise if talks take longer than this server waits. */
  talkTimeoutSetting: string;
}

/** Everything that workflows know about a provider. The API looks it up when a job is submitted. */
export type ProviderFacts = LocalProviderFacts | RemoteProviderFacts;
