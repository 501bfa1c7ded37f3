import { spawnSync } from 'node:child_process';

/** Runs the tests of training/ with a Python that has PyTorch and pytest, or says that there is none. */
const MODULES = 'import torch, onnx, PIL, numpy, pytest';

const python = ['python3', '/usr/bin/python3', 'python'].find(
  (candidate) => spawnSync(candidate, ['-c', MODULES], { stdio: 'ignore' }).status === 0,
);
if (python === undefined) {
  console.log('training tests skipped: no Python with torch, onnx, numpy, PIL and pytest was found');
} else {
  const { status } = spawnSync(python, ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', 'training/tests'], {
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
}
