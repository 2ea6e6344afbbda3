import { findProvider, info } from '../state/info.ts';
import { formatEstimate } from '../strings/format.ts';
import { strings } from '../strings/strings.ts';

export interface SizeChoiceProps {
  /** Name of the provider, or `auto`. */
  provider: string;
  /** Seconds of voice, if they are known. */
  voiceS: number | undefined;
  /** Pixels on the long side as a field of the submission; `''` for the default of the server. */
  value: string;
  onChoose: (longSidePx: string) => void;
}

/** Fast or full, and how long each takes. Nothing for providers that choose the size themselves. */
export function SizeChoice({ provider, voiceS, value, onChoose }: SizeChoiceProps) {
  const t = strings.value.size;
  const { defaults, other_steps_ms } = info.value;
  const sizes = findProvider(provider)?.sizes ?? [];
  if (sizes.length < 2) {
    return null;
  }
  const chosen = Number(value || defaults.long_side_px);
  return (
    <fieldset class="size-choice">
      <legend class="unseen">{t.title}</legend>
      {sizes.map(({ long_side_px, ms_per_voice_s }, index) => (
        <label key={long_side_px}>
          <input
            type="radio"
            name="long-side"
            checked={long_side_px === chosen}
            onChange={() => onChoose(long_side_px === defaults.long_side_px ? '' : String(long_side_px))}
          />
          <span>
            <strong>{index === 0 ? t.names.fast : t.names.full}</strong>
            <span class="muted number">
              {t.pixels(long_side_px)}
              {voiceS !== undefined && voiceS > 0 && (
                <> · {t.about(formatEstimate(other_steps_ms + ms_per_voice_s * voiceS))}</>
              )}
            </span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
