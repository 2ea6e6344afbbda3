/**
 * The one place that sets sharp up. Every loader but those of the accepted formats is blocked for the whole process:
 * what a stranger sends must not reach rarely used parsers (GIF, TIFF, SVG, libvips' own format).
 */
import sharp from 'sharp';

sharp.cache(false);
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: ['VipsForeignLoadJpeg', 'VipsForeignLoadPng', 'VipsForeignLoadWebp', 'VipsForeignLoadHeif'],
});

/** Whether this build decodes HEVC, which the prebuilt one leaves out for its patents. */
export const readsHeic: boolean = sharp.format.heif.input.fileSuffix?.includes('.heic') ?? false;

export { sharp };
