#!/usr/bin/env bash
# From the data in ../shared/data to a release: `bash training/reproduce.sh 2.1.0`. Seeds are fixed, and what was stopped goes on where it
# was. About three and a half hours on two cores; training/README.md says how long each step takes.
set -euo pipefail
cd "$(dirname "$0")/.."
release=$1
runs=training/runs

# Trains a tail from where an earlier run of it ended: name, epochs, the name it is kept under, and that of the earlier run.
stage() {
  local name=$1 epochs=$2 kept=$3 start=$4
  shift 4
  [[ -f $runs/$kept.pt ]] && return
  python3 -m training.student --epochs "$epochs" ${start:+--start "$runs/$start.pt"} "$@"
  mv "$runs/$name.pt" "$runs/$kept.pt"
}

python3 -m training.data
npm run calibrate -- alignment --chips training/cache/chips --json training/cache/alignments.jsonl
python3 -m training.encoder --epochs 2
python3 -m training.generator --epochs 0.4
stage student 1.5 student-first ""
stage student 1 student-second student-first
stage student 3 student-third student-second
stage clean-tail 0.5 clean-tail-first "" --clean
stage clean-tail 1.5 clean-tail-second clean-tail-first --clean
cp $runs/student-third.pt $runs/student.pt
cp $runs/clean-tail-second.pt $runs/clean-tail.pt
python3 -m training.export --release "$release"
npm run calibrate -- threshold --images training/cache/held-out
npm run calibrate -- threshold --mode keyed --images training/cache/held-out
npm run eval -- --data-lfw ../shared/data/lfw --json lfw.json
npm run calibrate -- metrics --json lfw.json
