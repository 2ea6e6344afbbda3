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

/** Chosen before, else the first of the browser's languages that is here. */
const first = [stored.read(), ...navigator.languages.map((tag) => tag.split('-')[0])].find(isLanguage);

export const language = signal<Language>(first ?? 'en');

/** The words in the language of now: whoever reads them is drawn again when it changes. */
export const strings = computed<Strings>(() => LANGUAGES[language.value]);

export function chooseLanguage(name: Language): void {
  stored.write(name);
  language.value = name;
}

effect(() => {
  document.documentElement.lang = strings.value.locale;
  document.documentElement.dir = strings.value.dir;
});
