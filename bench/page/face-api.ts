import * as faceapi from '@vladmandic/face-api/dist/face-api.esm.js';
import { run } from './run.js';

/** Of its tfjs, whose types it does not give. */
interface Engine {
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  setWasmPaths(folder: string): void;
}

const { detectSingleFace, nets, tf, SsdMobilenetv1Options, TinyFaceDetectorOptions } = faceapi;

/** Its smaller detector, unless the address asks for the one that it takes if none is named. */
const isSmall = !new URLSearchParams(location.search).has('default');
const [detector, options] = isSmall
  ? [nets.tinyFaceDetector, new TinyFaceDetectorOptions()]
  : [nets.ssdMobilenetv1, new SsdMobilenetv1Options()];

/** With the landmarks without which it gives no descriptor. */
void run({
  async start(backend) {
    const engine = tf as unknown as Engine;
    engine.setWasmPaths('/wasm/');
    await engine.setBackend(backend);
    await engine.ready();
    const { faceLandmark68Net, faceRecognitionNet } = nets;
    await Promise.all([detector, faceLandmark68Net, faceRecognitionNet].map((net) => net.load('/face-api/')));
  },
  async embed(picture) {
    const face = await detectSingleFace(picture, options).withFaceLandmarks().withFaceDescriptor();
    if (face === undefined) throw new Error('no face');
    return face.descriptor;
  },
});
