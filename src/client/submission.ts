export interface Submission {
  /** A UUID. Submitting it again returns the same task, so a lost answer costs nothing. Default: a new one. */
  taskId?: string;
  image: Blob;
  audio: Blob;
  /** Required by `background: 'image'`. */
  backgroundImage?: Blob;
  /** Text fields under their API names, such as `background` and `persons`. */
  fields?: Record<string, string | number | boolean>;
}

export function toForm({ image, audio, backgroundImage, fields = {} }: Submission): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    form.set(name, String(value));
  }
  // A `File` sends its name too, which becomes the name of the task unless there is a field `name`.
  form.set('image', image);
  form.set('audio', audio);
  if (backgroundImage) {
    form.set('background_image', backgroundImage);
  }
  return form;
}
