export interface Submission {
  /** A UUID of the caller's: the same one again is the same task, so that a lost answer costs nothing. Default: a new one. */
  taskId?: string;
  image: Blob;
  audio: Blob;
  /** For `background: 'image'`. */
  backgroundImage?: Blob;
  /** Text fields as the API names them, such as `background` and `persons`. */
  fields?: Record<string, string | number | boolean>;
}

export function toForm({ image, audio, backgroundImage, fields = {} }: Submission): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    form.set(name, String(value));
  }
  // The name of a `File` goes along; the server needs none.
  form.set('image', image);
  form.set('audio', audio);
  if (backgroundImage) {
    form.set('background_image', backgroundImage);
  }
  return form;
}
