import { Builder, ByteBuffer } from 'flatbuffers';

// A TFLite file is a flatbuffer: its root table points to operator codes, subgraphs and buffers. Metadata is one more buffer, which
// holds a flatbuffer of its own. References in a flatbuffer point towards the end of the file, so the old file is kept whole as
// the tail of the new one, and a new root table before it refers into it.

/** Fields of the root table `Model`, in the order of the TFLite schema. */
const MODEL = {
  version: 0,
  operatorCodes: 1,
  subgraphs: 2,
  description: 3,
  buffers: 4,
  metadataBuffer: 5,
  metadata: 6,
  signatureDefs: 7,
} as const;
const MODEL_FIELDS = 8;
/** The alignment that buffers of a TFLite file are written for, in bytes. */
const ALIGNMENT = 16;

/** How pixels of an image input become numbers: (pixel − mean) / standard deviation, in RGB. */
export interface ImageInput {
  readonly mean: number;
  readonly standardDeviation: number;
}

/**
 * Adds to a TFLite model without metadata the description of its one image input, which MediaPipe Tasks asks for.
 *
 * @throws if the file is not a TFLite model, or describes itself already
 */
export function withImageMetadata(model: Uint8Array, input: ImageInput, outputs: number): Uint8Array {
  const file = new ByteBuffer(model);
  if (!file.__has_identifier('TFL3')) throw new Error('not a TFLite model');
  const root = file.__indirect(0);
  const field = (index: number) => file.__offset(root, 4 + 2 * index);
  if (field(MODEL.metadata) !== 0) throw new Error('the model has metadata already');

  const builder = new Builder(model.length + 4096);
  builder.startVector(1, model.length, ALIGNMENT);
  for (let i = model.length - 1; i >= 0; i--) builder.writeInt8(model[i] ?? 0);
  const tail = builder.offset();
  builder.endVector();
  /** What a field of the old root refers to, as an offset of the builder. */
  const kept = (index: number) => tail - file.__indirect(root + field(index));
  const keptVector = (index: number) => {
    const at = file.__vector(root + field(index));
    return Array.from({ length: file.__vector_len(root + field(index)) }, (_, i) => tail - file.__indirect(at + 4 * i));
  };

  const metadata = imageMetadata(input, outputs);
  builder.startVector(1, metadata.length, ALIGNMENT);
  for (let i = metadata.length - 1; i >= 0; i--) builder.writeInt8(metadata[i] ?? 0);
  const data = builder.endVector();
  const buffers = keptVector(MODEL.buffers);
  const added = table(builder, 1, () => builder.addFieldOffset(0, data, 0));
  const name = builder.createString('TFLITE_METADATA');
  const entry = table(builder, 2, () => {
    builder.addFieldOffset(0, name, 0);
    builder.addFieldInt32(1, buffers.length, 0);
  });
  const newBuffers = offsets(builder, [...buffers, added]);
  const newMetadata = offsets(builder, [entry]);
  const newRoot = table(builder, MODEL_FIELDS, () => {
    builder.addFieldInt32(MODEL.version, file.readInt32(root + field(MODEL.version)), 0);
    for (const index of [
      MODEL.operatorCodes,
      MODEL.subgraphs,
      MODEL.description,
      MODEL.metadataBuffer,
      MODEL.signatureDefs,
    ]) {
      if (field(index) !== 0) builder.addFieldOffset(index, kept(index), 0);
    }
    builder.addFieldOffset(MODEL.buffers, newBuffers, 0);
    builder.addFieldOffset(MODEL.metadata, newMetadata, 0);
  });
  builder.finish(newRoot, 'TFL3');
  return builder.asUint8Array();
}

/** `ModelMetadata` of the TFLite metadata schema, for one subgraph. */
function imageMetadata({ mean, standardDeviation }: ImageInput, outputs: number): Uint8Array {
  const IMAGE_PROPERTIES = 2;
  const RGB = 1;
  const NORMALIZATION_OPTIONS = 1;
  const builder = new Builder();
  const means = floats(builder, [mean]);
  const deviations = floats(builder, [standardDeviation]);
  const normalization = table(builder, 2, () => {
    builder.addFieldOffset(0, means, 0);
    builder.addFieldOffset(1, deviations, 0);
  });
  const processUnit = table(builder, 2, () => {
    builder.addFieldInt8(0, NORMALIZATION_OPTIONS, 0);
    builder.addFieldOffset(1, normalization, 0);
  });
  const image = table(builder, 2, () => builder.addFieldInt8(0, RGB, 0));
  const content = table(builder, 3, () => {
    builder.addFieldInt8(0, IMAGE_PROPERTIES, 0);
    builder.addFieldOffset(1, image, 0);
  });
  const processUnits = offsets(builder, [processUnit]);
  const inputTensor = table(builder, 7, () => {
    builder.addFieldOffset(3, content, 0);
    builder.addFieldOffset(4, processUnits, 0);
  });
  const inputs = offsets(builder, [inputTensor]);
  const outputTensors = Array.from({ length: outputs }, () => table(builder, 7, () => {}));
  const outputVector = offsets(builder, outputTensors);
  const subgraph = table(builder, 4, () => {
    builder.addFieldOffset(2, inputs, 0);
    builder.addFieldOffset(3, outputVector, 0);
  });
  const subgraphs = offsets(builder, [subgraph]);
  const root = table(builder, 8, () => builder.addFieldOffset(3, subgraphs, 0));
  builder.finish(root, 'M001');
  return builder.asUint8Array();
}

function table(builder: Builder, fields: number, fill: () => void): number {
  builder.startObject(fields);
  fill();
  return builder.endObject();
}

function offsets(builder: Builder, values: readonly number[]): number {
  builder.startVector(4, values.length, 4);
  for (const value of values.toReversed()) builder.addOffset(value);
  return builder.endVector();
}

function floats(builder: Builder, values: readonly number[]): number {
  builder.startVector(4, values.length, 4);
  for (const value of values.toReversed()) builder.addFloat32(value);
  return builder.endVector();
}
