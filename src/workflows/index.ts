/** Everything that workers register: the name of an export is the name of the workflow type. */
export { generateVideo } from './generate-video.ts';
