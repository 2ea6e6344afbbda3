/**
 * Configures sharp. Blocks all loaders except those of the accepted formats, for the whole process: uploads must not
 * reach rarely used parsers (TIFF, SVG, libvips' own format).
 */
import sharp from 'sharp';

sharp.cache(false);
sharp.block({ operation: ['VipsForeignLoad'] });
sharp.unblock({
  operation: [
    'VipsForeignLoadJpeg',
    'VipsForeignLoadPng',
    'VipsForeignLoadWebp',
    'VipsForeignLoadNsgif',
    'VipsForeignLoadHeif',
  ],
});

export { sharp };
