/** What the memory of a texture holds. */
interface Texture {
  picture: ImageData | null;
}

/** MAX_VERTEX_ATTRIBS, the one number that is asked for; all else that is asked for is a text. */
const MAX_VERTEX_ATTRIBS = 0x8869;

/**
 * A canvas for detectors that compute on the CPU. MediaPipe's runtime takes pictures from WebGL textures even then: it puts a picture into a
 * texture, reads its pixels back, and does nothing else with WebGL. This one does the same in memory, row by row from the top, so that
 * nobody waits for a GPU, and browsers in which WebGL is switched off find faces as well. Whatever else is asked of it is no function.
 */
export function openPictureCanvas(): OffscreenCanvas {
  const canvas = { width: 1, height: 1, getContext: (kind: string) => (kind === 'webgl2' ? context : null) };
  let bound: Texture | null = null;
  let attached: Texture | null = null;
  const nothing = () => {};
  const one = () => ({});
  const context = {
    canvas,
    getContextAttributes: one,
    getSupportedExtensions: () => [],
    getExtension: () => null,
    getError: () => 0,
    getParameter: (name: number) => (name === MAX_VERTEX_ATTRIBS ? 0 : 'WebGL 2.0'),
    activeTexture: nothing,
    createTexture: (): Texture => ({ picture: null }),
    bindTexture(_target: number, texture: Texture | null) {
      bound = texture;
    },
    texParameteri: nothing,
    texImage2D(...[, , , , , source]: readonly [number, number, number, number, number, OffscreenCanvas]) {
      const pixels = source.getContext('2d')?.getImageData(0, 0, source.width, source.height);
      if (bound !== null) bound.picture = pixels ?? null;
    },
    createFramebuffer: one,
    bindFramebuffer: nothing,
    framebufferTexture2D(...[, , , texture]: readonly [number, number, number, Texture | null, number]) {
      attached = texture;
    },
    readPixels(...[x, y, width, height, , , target, at]: ReadPixels) {
      if (attached?.picture?.width !== width || attached.picture.height !== height || x !== 0 || y !== 0) {
        throw new RangeError('the texture has another size');
      }
      target.set(attached.picture.data, at);
    },
    fenceSync: one,
    deleteSync: nothing,
  };
  // As much of a canvas as the runtime needs, which is little of one.
  return canvas as unknown as OffscreenCanvas;
}

/** x, y, width, height, format, type, and where the pixels go: bytes, and the first of them. */
type ReadPixels = readonly [number, number, number, number, number, number, Uint8Array, number];
