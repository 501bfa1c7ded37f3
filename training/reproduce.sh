#!/usr/bin/env bash
# From the data in ../shared/data to a release: `bash training/reproduce.sh 2.0.0`. Seeds are fixed, and what was stopped goes on where it
# was. About two and a half hours on two cores; training/README.md says how long each step takes.
set -euo pipefail
cd "$(dirname "$0")/.."
release=$1

python3 -m training.data
npm run calibrate -- alignment --chips training/cache/chips --json training/cache/alignments.jsonl
python3 -m training.encoder --epochs 2
python3 -m training.generator --epochs 0.4
if [[ ! -f training/runs/student-first.pt ]]; then
  python3 -m training.student --epochs 1.5
  mv training/runs/student.pt training/runs/student-first.pt
fi
python3 -m training.student --epochs 1 --start training/runs/student-first.pt
python3 -m training.student --clean --epochs 0.5
python3 -m training.export --release "$release"
npm run calibrate -- threshold --images training/cache/held-out
npm run eval -- --data-lfw ../shared/data/lfw --json lfw.json
npm run calibrate -- metrics --json lfw.json
