/**
 * The one place that gives Mediabunny its codecs: files are parsed and written by Mediabunny, packets decoded and
 * encoded by `@napi-rs/webcodecs` (FFmpeg's libraries, in this process). Import Mediabunny from here.
 */
import '@napi-rs/webcodecs/polyfill';

export * from 'mediabunny';
