/** Real models, photos and recordings for tests. They are no part of the project: tests that need them skip without. */
export const modelsDir: string | undefined = process.env.MODELS_DIR;
export const mediaDir: string | undefined = process.env.MEDIA_DIR;
