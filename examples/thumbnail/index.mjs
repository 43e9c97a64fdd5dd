import { decodeBitmap, shrink } from './bitmap.mjs';
import { encodePng } from './png.mjs';

/** Takes a base64 BMP (24 bit), answers a base64 PNG of at most `width` pixels. Without an image it draws a test card. */
export const handler = async (event) => {
  const source = event.bitmap ? decodeBitmap(Buffer.from(event.bitmap, 'base64')) : testCard(640, 480);
  const picture = shrink(source, event.width ?? 64);
  const png = encodePng(picture);
  console.log(JSON.stringify({ from: [source.width, source.height], to: [picture.width, picture.height], bytes: png.length }));
  return { contentType: 'image/png', width: picture.width, height: picture.height, body: png.toString('base64') };
};

function testCard(width, height) {
  const pixels = Buffer.alloc(width * height * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      pixels[at++] = (255 * x) / width;
      pixels[at++] = (255 * y) / height;
      pixels[at++] = (x >> 5) % 2 === (y >> 5) % 2 ? 200 : 40;
    }
  }
  return { width, height, pixels };
}
