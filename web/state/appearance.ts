import { effect, signal } from '@preact/signals';
import { storedText } from './stored-text.ts';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const stored = storedText('limelight.theme');
const chosen = THEMES.find((theme) => theme === stored.read());

export const theme = signal<Theme>(chosen ?? 'system');

effect(() => {
  stored.write(theme.value === 'system' ? undefined : theme.value);
  document.documentElement.dataset.theme = theme.value;
});

export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length]!;
}
