export const MAX_TASK_NAME_LENGTH = 120;

/**
 * The name of a task from the name of its photo: without folders and extension. `undefined` if nothing is left, or if it is
 * `blob`, which browsers and Node send for a file without a name.
 */
export function toTaskName(fileName: string): string | undefined {
  const name = fileName
    .replace(/^.*[/\\]/s, '')
    .replace(/\.[a-z0-9]{1,5}$/i, '')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, MAX_TASK_NAME_LENGTH)
    // The cut may have left half of a surrogate pair.
    .replaceAll(/\p{Cs}/gu, '')
    .trim();
  return name === '' || name === 'blob' ? undefined : name;
}

/** The name of a file of the task: without what file systems refuse, or what shows the letters in another order. */
export function toFileName(taskName: string, ending: string): string {
  return `${taskName.replaceAll(/[/\\:*?"<>|]/g, '-').replaceAll(/\p{Bidi_Control}/gu, '')}.${ending}`;
}
