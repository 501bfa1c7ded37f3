// onnxruntime sends reports of its use to its maker, and keeps an id of the machine for them, unless this is set before it is loaded.
process.env['ORT_DISABLE_TELEMETRY'] = '1';
