import { computed, effect, signal } from '@preact/signals';
import { storedText } from '../state/stored-text.ts';
import { de } from './de.ts';
import { en, type Strings } from './en.ts';

export const LANGUAGES = { en, de } satisfies Record<string, Strings>;
export type Language = keyof typeof LANGUAGES;

const stored = storedText('limelight.language');

function isLanguage(name: string | undefined): name is Language {
  return name !== undefined && Object.hasOwn(LANGUAGES, name);
}

/** The stored choice, else the browser's first language that is supported. */
const first = [stored.read(), ...navigator.languages.map((tag) => tag.split('-')[0])].find(isLanguage);

export const language = signal<Language>(first ?? 'en');

/** All texts in the current language. Components that read them render again when it changes. */
export const strings = computed<Strings>(() => LANGUAGES[language.value]);

export function chooseLanguage(name: Language): void {
  stored.write(name);
  language.value = name;
}

effect(() => {
  document.documentElement.lang = strings.value.locale;
  document.documentElement.dir = strings.value.dir;
});
