import SEAL from 'node-seal';
import { median } from '../figures.js';

/** What one encrypted comparison costs. Times in ms on one thread of WebAssembly, medians; sizes in bytes, as they would be sent. */
export interface EncryptedCost {
  readonly encrypt: number;
  readonly match: number;
  readonly decrypt: number;
  readonly probe: number;
  readonly template: number;
  readonly score: number;
  /** What the cloud must hold of everybody, to multiply and to add up. */
  readonly keys: number;
  /** Largest difference between a decrypted cosine and the true one. */
  readonly error: number;
}

/** Parameters with 128 bits of security and room for one multiplication. */
const DEGREE = 8192;
const PRIMES = [60, 40, 60];
const SCALE = 2 ** 40;
const VALUES = 128;

/**
 * The cosine of an encrypted probe and an encrypted template, both of length 1, in CKKS: multiplied slot by slot and added up by seven
 * rotations. The cloud sees neither of the two nor the cosine; whoever has the key reads it.
 */
async function encryptedCost(rounds: number): Promise<EncryptedCost> {
  const seal = await SEAL({ locateFile: (name) => `/seal/${name}` });
  const none = seal.ComprModeType.none;
  const parameters = new seal.EncryptionParameters(seal.SchemeType.ckks);
  parameters.setPolyModulusDegree(DEGREE);
  parameters.setCoeffModulus(seal.CoeffModulus.Create(DEGREE, Int32Array.from(PRIMES)));
  const context = new seal.SEALContext(parameters, true, seal.SecLevelType.tc128);
  const maker = new seal.KeyGenerator(context);
  const secret = maker.secretKey();
  const steps = Int32Array.from({ length: Math.log2(VALUES) }, (_, i) => 2 ** i);
  const [publicKey, relinearisation, rotations] = [
    maker.createPublicKey(),
    maker.createRelinKeys(),
    maker.createGaloisKeysWithSteps(steps),
  ];
  // As they would be sent: halves that a seed gives are left out.
  const sizeOf = (thing: { saveToArray(mode: typeof none): unknown }) => (thing.saveToArray(none) as Uint8Array).length;
  const keys = sizeOf(maker.createRelinKeysSerializable()) + sizeOf(maker.createGaloisKeysSerializableWithSteps(steps));

  const encoder = new seal.CKKSEncoder(context);
  const encryptor = new seal.Encryptor(context, publicKey, secret);
  const decryptor = new seal.Decryptor(context, secret);
  const evaluator = new seal.Evaluator(context);
  const [plain, probe, template, product, turned, read] = [
    new seal.Plaintext(),
    new seal.Ciphertext(),
    new seal.Ciphertext(),
    new seal.Ciphertext(),
    new seal.Ciphertext(),
    new seal.Plaintext(),
  ];
  const times = { encrypt: [] as number[], match: [] as number[], decrypt: [] as number[] };
  let [probeBytes, error] = [0, 0];
  for (let round = 0; round < rounds; round++) {
    const [a, b] = [direction(round), direction(round + 0.5)];
    encoder.encode(b, SCALE, plain);
    encryptor.encryptSymmetric(plain, template);

    const begun = performance.now();
    encoder.encode(a, SCALE, plain);
    const sent = encryptor.encryptSymmetricSerializable(plain).saveToArray(none) as Uint8Array;
    const arrived = performance.now();
    probe.loadFromArray(context, sent);
    evaluator.multiply(probe, template, product);
    evaluator.relinearizeInplace(product, relinearisation);
    evaluator.rescaleToNextInplace(product);
    for (const step of steps) {
      evaluator.rotateVector(product, step, rotations, turned);
      evaluator.addInplace(product, turned);
    }
    const matched = performance.now();
    decryptor.decrypt(product, read);
    const [cosine] = encoder.decodeFloat64(read) as Float64Array;
    const done = performance.now();

    times.encrypt.push(arrived - begun);
    times.match.push(matched - arrived);
    times.decrypt.push(done - matched);
    probeBytes = sent.length;
    error = Math.max(error, Math.abs(cosine! - a.reduce((sum, value, i) => sum + value * b[i]!, 0)));
  }
  return {
    encrypt: median(times.encrypt),
    match: median(times.match),
    decrypt: median(times.decrypt),
    probe: probeBytes,
    template: sizeOf(template),
    score: sizeOf(product),
    keys,
    error,
  };
}

/** Some direction, of length 1: what it is does not matter to the cost. */
function direction(which: number): Float64Array {
  const values = Float64Array.from({ length: VALUES }, (_, i) => Math.sin((which + 1) * (i + 1) ** 2));
  const length = Math.hypot(...values);
  return values.map((value) => value / length);
}

declare global {
  interface Window {
    encryptedCost: typeof encryptedCost;
  }
}
window.encryptedCost = encryptedCost;
