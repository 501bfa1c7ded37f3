import { bytesToUtf8, utf8ToBytes } from '@noble/ciphers/utils.js';
import { XnnError } from '../core/errors.js';

// A safetensors file (https://github.com/huggingface/safetensors), little-endian:
//
//   struct {
//     u64 n
//     u8  header[n]   JSON: { name: { "dtype", "shape", "data_offsets": [begin, end] }, ... }, blanks at the end
//     u8  data[]      each tensor in C order; offsets count from here, leave no gap and do not overlap
//   }

/** Bytes of a value of each type that is used here, of those the format has. */
const SIZES = { F32: 4, I32: 4, I8: 1 } as const;
export type Dtype = keyof typeof SIZES;

export interface Tensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Values in C order, little-endian. */
  readonly bytes: Uint8Array;
}

const LENGTH_BYTES = 8;
/** The format's own limit on its header. */
const MOST_HEADER_BYTES = 100_000_000;

/** Writes tensors in the given order. For aligned data, those with larger values come first; the header is padded to 8 bytes. */
export function encodeTensors(tensors: Readonly<Record<string, Tensor>>): Uint8Array {
  const entries: Record<string, object> = {};
  let end = 0;
  for (const [name, { dtype, shape, bytes }] of Object.entries(tensors)) {
    if (bytes.length !== sizeOf(dtype, shape)) {
      throw new XnnError('bundle_invalid', `${name}: ${bytes.length} bytes for ${dtype} [${shape.join()}]`);
    }
    entries[name] = { dtype, shape, data_offsets: [end, (end += bytes.length)] };
  }
  const json = JSON.stringify(entries);
  const header = utf8ToBytes(json + ' '.repeat(-utf8ToBytes(json).length & 7));
  const file = new Uint8Array(LENGTH_BYTES + header.length + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(header, LENGTH_BYTES);
  let at = LENGTH_BYTES + header.length;
  for (const { bytes } of Object.values(tensors)) {
    file.set(bytes, at);
    at += bytes.length;
  }
  return file;
}

/**
 * Reads all tensors of a file. They share memory with `file` and lie there at any offset.
 *
 * @throws bundle_truncated if the file is too short for what its header says; bundle_invalid for anything else that the format, or the
 *   types used here, do not allow
 */
export function decodeTensors(file: Uint8Array): ReadonlyMap<string, Tensor> {
  if (file.length < LENGTH_BYTES) throw new XnnError('bundle_truncated', `${file.length} bytes`);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const headerBytes = view.getBigUint64(0, true);
  if (headerBytes > MOST_HEADER_BYTES) throw new XnnError('bundle_invalid', `a header of ${headerBytes} bytes`);
  const start = LENGTH_BYTES + Number(headerBytes);
  if (file.length < start)
    throw new XnnError('bundle_truncated', `${file.length} bytes, the header alone has ${start}`);
  const entries = readHeader(file.subarray(LENGTH_BYTES, start));

  const data = file.subarray(start);
  const tensors = new Map<string, Tensor>();
  let covered = 0;
  for (const { name, dtype, shape, begin, end } of entries) {
    if (begin !== covered) throw new XnnError('bundle_invalid', `${name} begins at ${begin}, not at ${covered}`);
    if (end - begin !== sizeOf(dtype, shape)) {
      throw new XnnError('bundle_invalid', `${name}: ${end - begin} bytes for ${dtype} [${shape.join()}]`);
    }
    if (end > data.length)
      throw new XnnError('bundle_truncated', `${data.length} bytes of data, ${name} ends at ${end}`);
    tensors.set(name, { dtype, shape, bytes: data.subarray(begin, end) });
    covered = end;
  }
  if (covered !== data.length) throw new XnnError('bundle_invalid', `${data.length - covered} bytes are left over`);
  return tensors;
}

interface Entry {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** Entries in the order of their data. */
function readHeader(bytes: Uint8Array): Entry[] {
  let header: unknown;
  try {
    header = JSON.parse(bytesToUtf8(bytes));
  } catch (cause) {
    throw new XnnError('bundle_invalid', 'the header is not JSON', { cause });
  }
  if (!isObject(header) || bytes[0] !== 0x7b) throw new XnnError('bundle_invalid', 'the header is not an object');
  return Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, entry]) => readEntry(name, entry))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
}

function readEntry(name: string, entry: unknown): Entry {
  if (isObject(entry)) {
    const { dtype, shape, data_offsets: offsets } = entry;
    if (isDtype(dtype) && isCounts(shape) && isCounts(offsets) && offsets.length === 2) {
      return { name, dtype, shape, begin: offsets[0]!, end: offsets[1]! };
    }
  }
  throw new XnnError('bundle_invalid', `${name} is not described as a tensor of type ${Object.keys(SIZES).join(', ')}`);
}

function sizeOf(dtype: Dtype, shape: readonly number[]): number {
  return shape.reduce((size, length) => size * length, SIZES[dtype]);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isDtype(value: unknown): value is Dtype {
  return typeof value === 'string' && Object.hasOwn(SIZES, value);
}

function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && (count as number) >= 0);
}
