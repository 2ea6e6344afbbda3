/** A text in `localStorage`, which may be unavailable in private windows. */
export function storedText(name: string) {
  return {
    read(): string | undefined {
      try {
        return localStorage.getItem(name) ?? undefined;
      } catch {
        return undefined;
      }
    },
    write(text: string | undefined): void {
      try {
        if (text === undefined) {
          localStorage.removeItem(name);
        } else {
          localStorage.setItem(name, text);
        }
      } catch {
        // Then it is lost when the page closes.
      }
    },
  };
}
