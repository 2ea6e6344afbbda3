/**
 * Makes everything that this process and its children create readable by its own user only: photos, voices, logs, and the
 * secrets of links and webhooks. A umask that the process inherited from a shell or a unit does not matter.
 */
export function keepFilesPrivate(): void {
  process.umask(0o077);
}
