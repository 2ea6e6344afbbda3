import { signal } from '@preact/signals';

export const isBrowserOnline = signal(navigator.onLine);

addEventListener('online', () => {
  isBrowserOnline.value = true;
});
addEventListener('offline', () => {
  isBrowserOnline.value = false;
});
