#!/usr/bin/env bash
# From the data in ../shared/data to a release: `bash training/reproduce.sh 3.0.0`. Seeds are fixed, and what was stopped goes on where it
# was. Ten minutes of training on an accelerator, about eighteen hours on a core; training/README.md says how long each step takes.
set -euo pipefail
cd "$(dirname "$0")/.."
release=$1

python3 -m training.data
npm run calibrate -- alignment --chips training/cache/chips --json training/cache/alignments.jsonl
python3 -m training.encoder --epochs 40 --batch 384 --rate 7e-4 --loudest 2.5 --start training/start/encoder-2.1.0.pt
python3 -m training.generator --epochs 6 --batch 256
python3 -m training.student --epochs 36 --batch 256 --rate 8e-4
python3 -m training.student --clean --epochs 24 --batch 256 --rate 5e-4
python3 -m training.export --release "$release"
npm run calibrate -- threshold --images training/cache/held-out
npm run calibrate -- threshold --mode keyed --images training/cache/held-out
npm run eval -- --data-lfw ../shared/data/lfw --json lfw.json
npm run calibrate -- metrics --json lfw.json
