const HEADER_BYTES = 54;

/** An uncompressed 24 bit BMP: rows from the bottom up, BGR, each padded to four bytes. */
export function decodeBitmap(file) {
  if (file.length < HEADER_BYTES || file.toString('latin1', 0, 2) !== 'BM' || file.readUInt16LE(28) !== 24 || file.readUInt32LE(30) !== 0) {
    throw new TypeError('Only uncompressed 24 bit BMP images are taken');
  }
  const [offset, width, height] = [file.readUInt32LE(10), file.readInt32LE(18), file.readInt32LE(22)];
  const stride = (width * 3 + 3) & ~3;
  if (width < 1 || height < 1 || offset + stride * height > file.length) throw new RangeError('The image is cut off');
  const pixels = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = offset + (height - 1 - y) * stride + x * 3;
      const to = (y * width + x) * 3;
      pixels[to] = file[from + 2];
      pixels[to + 1] = file[from + 1];
      pixels[to + 2] = file[from];
    }
  }
  return { width, height, pixels };
}

/** Averages the source pixels under each target pixel. Never enlarges. */
export function shrink(image, maxWidth) {
  const width = Math.max(1, Math.min(maxWidth, image.width));
  const height = Math.max(1, Math.round((image.height * width) / image.width));
  const pixels = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y++) {
    const [top, bottom] = range(y, height, image.height);
    for (let x = 0; x < width; x++) {
      const [left, right] = range(x, width, image.width);
      const count = (bottom - top) * (right - left);
      for (let channel = 0; channel < 3; channel++) {
        let sum = 0;
        for (let v = top; v < bottom; v++) for (let u = left; u < right; u++) sum += image.pixels[(v * image.width + u) * 3 + channel];
        pixels[(y * width + x) * 3 + channel] = sum / count;
      }
    }
  }
  return { width, height, pixels };
}

function range(index, size, sourceSize) {
  const from = Math.floor((index * sourceSize) / size);
  return [from, Math.max(from + 1, Math.floor(((index + 1) * sourceSize) / size))];
}
