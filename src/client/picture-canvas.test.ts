import { describe, expect, it } from 'vitest';
import { openPictureCanvas } from './picture-canvas.js';

/** A drawn picture whose bytes count up from `first`. */
function drawn(width: number, height: number, first: number) {
  const data = Uint8ClampedArray.from({ length: width * height * 4 }, (_, i) => first + i);
  return { width, height, getContext: () => ({ getImageData: () => ({ data, width, height }) }) };
}

/** What the runtime calls, in its order. */
function readBack(
  gl: WebGL2RenderingContext,
  texture: WebGLTexture,
  picture: ReturnType<typeof drawn>,
  width: number,
): number[] {
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, picture as unknown as OffscreenCanvas);
  gl.bindTexture(gl.TEXTURE_2D, null);
  gl.bindFramebuffer(gl.FRAMEBUFFER, gl.createFramebuffer());
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
  const heap = new Uint8Array(40);
  gl.readPixels(0, 0, width, picture.height, gl.RGBA, gl.UNSIGNED_BYTE, heap, 8);
  gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, null, 0);
  return [...heap];
}

describe('openPictureCanvas', () => {
  const open = () => openPictureCanvas().getContext('webgl2')!;

  it('hands back the pixels of the last picture, at their place and nowhere else', () => {
    const gl = open();
    const texture = gl.createTexture();
    readBack(gl, texture, drawn(2, 3, 100), 2);
    const read = readBack(gl, texture, drawn(2, 2, 1), 2);
    expect(read.slice(0, 8)).toEqual(Array(8).fill(0));
    expect(read.slice(8, 24)).toEqual(Array.from({ length: 16 }, (_, i) => i + 1));
    expect(read.slice(24)).toEqual(Array(16).fill(0));
  });

  it('refuses to read a picture of another size, and where there is none', () => {
    const gl = open();
    expect(() => readBack(gl, gl.createTexture(), drawn(2, 2, 1), 3)).toThrow(RangeError);
    expect(() => open().readPixels(0, 0, 2, 2, 0, 0, new Uint8Array(16), 0)).toThrow(RangeError);
  });

  it('says which WebGL it is, and has no extensions', () => {
    const gl = open();
    expect(gl.getParameter(0x1f02)).toBe('WebGL 2.0');
    expect(gl.getSupportedExtensions()).toEqual([]);
    expect(gl.getExtension('EXT_color_buffer_float')).toBeNull();
    expect(openPictureCanvas().getContext('webgl')).toBeNull();
  });
});
