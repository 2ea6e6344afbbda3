/**
 * A text that the browser stores: in `localStorage` for all tabs, or in `sessionStorage` for this one. Both may be unavailable
 * in private windows.
 */
export function storedText(name: string, area: 'localStorage' | 'sessionStorage' = 'localStorage') {
  return {
    read(): string | undefined {
      try {
        return globalThis[area].getItem(name) ?? undefined;
      } catch {
        return undefined;
      }
    },
    write(text: string | undefined): void {
      try {
        if (text === undefined) {
          globalThis[area].removeItem(name);
        } else {
          globalThis[area].setItem(name, text);
        }
      } catch {
        // Then it is lost when the page closes.
      }
    },
  };
}
