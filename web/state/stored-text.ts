/** A text that outlives the page, where the browser lets it: private windows may not. */
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
        // It is forgotten with the page, then.
      }
    },
  };
}
