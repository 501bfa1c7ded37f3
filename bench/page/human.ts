import { Human, type Config } from '@vladmandic/human';
import { run } from './run.js';

/** The least with which it gives an embedding: detector and face description, nothing kept from one picture to the next. */
const LEAST: Partial<Config> = {
  modelBasePath: '/human/',
  wasmPath: '/wasm/',
  cacheSensitivity: 0,
  filter: { enabled: false },
  gesture: { enabled: false },
  body: { enabled: false },
  hand: { enabled: false },
  object: { enabled: false },
  segmentation: { enabled: false },
  face: {
    enabled: true,
    detector: { skipFrames: 0, skipTime: 0 },
    mesh: { enabled: false },
    iris: { enabled: false },
    emotion: { enabled: false },
    description: { enabled: true, skipFrames: 0, skipTime: 0 },
  },
};

let human: Human;

void run({
  async start(backend) {
    human = new Human({ ...LEAST, backend: backend as Config['backend'] });
    await human.load();
  },
  async embed(picture) {
    const { face } = await human.detect(picture);
    if (!face[0]?.embedding) throw new Error('no face');
    return face[0].embedding;
  },
});
