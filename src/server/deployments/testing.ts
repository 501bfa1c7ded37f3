// Networks of somebody hostile, for tests.

/** Of an ONNX file: ReduceMean, Slice; Reshape, Gather, Abs, Mul, Cast; Loop of Neg. */
const LOOP =
  'CAgSADrwAwo1CgZ0b2tlbnMSAW0iClJlZHVjZU1lYW4qCwoEYXhlc0ABoAEHKg8KCGtlZXBkaW1zGACgAQIKHgoBbQoEemVybwoEc2l6ZQoDb25lEgFzIgVTbGljZQoaCgZ0' +
  'b2tlbnMKBGZsYXQSAXIiB1Jlc2hhcGUKFQoBcgoFZmlyc3QSAXYiBkdhdGhlcgoLCgF2EgFhIgNBYnMKEQoBYQoEbWFueRIBdCIDTXVsChcKAXQSAW4iBENhc3QqCQoCdG8Y' +
  'B6ABAgqFAQoBbgoACgFzEgllbWJlZGRpbmciBExvb3AqagoEYm9keTJfChAKAWMSAWQiCElkZW50aXR5CgsKAXgSAXkiA05lZxIBYloLCgFpEgYKBAgHEgBaCwoBYxIGCgQI' +
  'CRIAWgkKAXgSBAoCCAFiCwoBZBIGCgQICRIAYgkKAXkSBAoCCAGgAQUSAXQqDQgBEAc6AQBCBHplcm8qDggBEAc6AoABQgRzaXplKgwIARAHOgEBQgNvbmUqFggBEAc6Cv//' +
  '/////////wFCBGZsYXQqDBAHOgEAQgVmaXJzdCoOEAEiBGsLXl1CBG1hbnlaHgoGdG9rZW5zEhQKEggBEg4KAxIBbgoCCDEKAwiABGIdCgllbWJlZGRpbmcSEAoOCAESCgoD' +
  'EgFuCgMIgAFCBAoAEA0=';
/** ReduceMean, Slice; and weights that nothing uses, whose name onnxruntime tells. */
const TALKING =
  'CAc68gEKNQoGdG9rZW5zEgFtIgpSZWR1Y2VNZWFuKgsKBGF4ZXNAAaABByoPCghrZWVwZGltcxgAoAECCh4KAW0KAXMKAWUKAWESCWVtYmVkZGluZyIFU2xpY2USAWcqEQgB' +
  'EAdCAXNKCAAAAAAAAAAAKhEIARAHQgFlSgiAAAAAAAAAACoRCAEQB0IBYUoIAQAAAAAAAAAqHggBEAFCEnNhaWQgYnkgYSBzdHJhbmdlckoEAAAAAFoeCgZ0b2tlbnMSFAoS' +
  'CAESDgoDEgFuCgIIMQoDCIAEYh0KCWVtYmVkZGluZxIQCg4IARIKCgMSAW4KAwiAAUIECgAQDQ==';
/** Of the byte that says which value Gather takes. */
const FIRST = 416;

/** A network that, before it answers, counts to 10¹⁸ times the size of one of the values it reads. On trial it reads 0, sin 1, … */
export function loopingTail(value: 0 | 1): Uint8Array {
  const file = Buffer.from(LOOP, 'base64');
  file[FIRST] = value;
  return file;
}

/** What `talkingTail` has onnxruntime say. */
export const SAID = 'said by a stranger';

export const talkingTail = (): Uint8Array => Buffer.from(TALKING, 'base64');
