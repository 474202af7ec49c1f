#!/usr/bin/env bash
# What goes wrong while working: torn and spoilt checkpoints, two runs in one folder, full and read-only disks, bad data.
# Each ends in one line with the right exit code, and nothing that was there is lost.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

spoil() { # flips one byte in the middle of FILE
  python3 - "$1" <<'PY'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[len(data) // 2] ^= 0x40
open(sys.argv[1], "wb").write(data)
PY
}
state_of() { find "$1" -type f ! -name '*.lock' -exec sha256sum {} + | sort; }

make_corpus
expect 0 "" small_train good
state_of runs/good >before.txt

# The newest checkpoint torn or spoilt: the one before is taken, and the end is the same.
for damage in torn flipped; do
  rm -rf "runs/$damage"
  expect 75 "state saved" small_train "$damage" --max-steps 8
  newest=runs/$damage/checkpoints/step_000000008
  if [[ $damage == torn ]]; then truncate -s 1000 "$newest/generator.safetensors"; else spoil "$newest/optimizer.safetensors"; fi
  expect 0 "" small_train "$damage"
  cmp runs/good/checkpoints/step_000000012/generator.safetensors "runs/$damage/checkpoints/step_000000012/generator.safetensors" ||
    fail "a $damage checkpoint changed the end of the run"
done
cp -r runs/good runs/spoilt
for file in runs/spoilt/checkpoints/*/generator.safetensors; do spoil "$file"; done
expect 5 "runs/spoilt" "$bin/stg_generate" -q --music set/clips/kpop_000_a/audio.wav --motion runs/spoilt -o a.mp4

rm -rf runs/spoilt/checkpoints
expect 5 "was trained, but" small_train spoilt
[[ $(wc -l <runs/spoilt/metrics.jsonl) == $(wc -l <runs/good/metrics.jsonl) ]] || fail "a run without checkpoints lost its history"

# Another configuration, or a second process, in the folder of a run.
expect 3 "was made with another configuration" small_train good optim.lr=5e-4
small_train busy train.steps=100000 >/dev/null 2>&1 &
pid=$!
while [[ ! -e runs/busy/checkpoints/step_000000002/COMPLETE ]]; do sleep 0.1; done
expect 7 "runs/busy" small_train busy train.steps=100000
pkill -TERM -P "$pid"
wait "$pid" || true
expect 2 "optim.lr" small_train other optim.lr
expect 3 "optim.lr=" small_train other optim.lr=
expect 3 "optim.lrr" small_train other optim.lrr=1
expect 3 "train.steps" small_train other train.steps=many
expect 4 "stg_data" "$bin/stg_train" --config kpop.yaml

# A result that cannot be written is no success.
code=0
"$bin/stg_data" card set >/dev/full 2>err.txt || code=$?
[[ $code == 7 ]] || fail "a full stdout ended with $code"

# A run that ends without a number, and does not become a good one by asking again.
for attempt in first second; do
  code=0
  small_train wild optim.lr=1e10 optim.clip_norm=0 train.steps=6 >out.txt 2>err.txt || code=$?
  [[ $code == 6 ]] || fail "the $attempt try of a diverged run ended with $code: $(tail -n 2 err.txt)"
done
grep -q 'continuing from step' runs/wild/logs/train.log || fail "the log file does not hold what was said"

# Weights that a flipped byte changed are not fine-tuned from.
cp -r runs/good/checkpoints/step_000000012 flipped
spoil flipped/generator.safetensors
expect 5 "content changed" small_train tuned --init-from flipped

# A folder of poses is replaced when asked to; one that holds other things never.
mkdir -p mine/poses && echo keep >mine/poses/notes.txt
expect 2 "mine/poses" "$bin/stg_generate" -q --motion demo --music set/clips/kpop_000_a/audio.wav --seconds 1 \
  --save-skeleton mine/poses --force
[[ -e mine/poses/notes.txt ]] || fail "--force took a folder of other things"
for seconds in 1 0.5; do
  expect 0 "" "$bin/stg_generate" -q --motion demo --music set/clips/kpop_000_a/audio.wav --seconds "$seconds" \
    --save-skeleton made-poses/ --force
done
[[ $(ls made-poses | wc -l) == 15 ]] || fail "made-poses holds $(ls made-poses | wc -l) files" # 0.5 s of 30 frames/s

# Data that is no dance.
printf '{"0":"x"' >ragged.json
expect 4 "ragged.json" "$bin/stg_data" import mdvs ragged.json --style kpop --out made
cp -r set nan
python3 - nan/clips/kpop_000_a/pose.npz <<'PY'
import sys, zipfile, io
source = zipfile.ZipFile(sys.argv[1])
parts = {name: bytearray(source.read(name)) for name in source.namelist()}
parts["xy.npy"][-400:] = b"\x00\x00\xc0\x7f" * 100  # NaN where the score says that the joint was seen
with zipfile.ZipFile(sys.argv[1], "w") as out:
    for name, data in parts.items():
        out.writestr(name, bytes(data))
PY
expect 10 "" "$bin/stg_data" check nan
grep -q 'error: .*kpop_000_a.*joints are NaN' out.txt || fail "NaN joints were not found: $(cat out.txt)"

cp -r set cut
truncate -s 5000 cut/clips/kpop_000_a/audio.wav
expect 4 "kpop_000_a" small_train cut data.root=cut data.cache_mb=64

# Disks: full and read-only (needs a mount namespace of our own).
if unshare -m true 2>/dev/null; then
  mkdir small
  export bin scratch
  unshare -m bash -c 'mount -t tmpfs -o size=300k tmpfs small && "$bin/stg_generate" -q --motion demo \
    --music set/clips/kpop_000_a/audio.wav -o small/a.mp4; code=$?; ls small >left.txt; exit $code' >out.txt 2>err.txt && fail "a full disk is no success"
  tail -n 1 err.txt | grep -q '^error: small' || fail "full disk: $(cat err.txt)"
  [[ ! -s left.txt ]] || fail "a full disk left $(cat left.txt)"
  code=0
  unshare -m bash -c 'mount -t tmpfs -o size=1m tmpfs small && "$bin/stg_train" -q --config tiny_kpop.yaml data.root=set \
    train.steps=2 --runs-dir small' >out.txt 2>err.txt || code=$?
  [[ $code == 7 ]] || fail "training on a full disk: exit $code: $(cat err.txt)"
  code=0
  unshare -m bash -c 'mount -t tmpfs -o ro tmpfs small && "$bin/stg_data" -q synth --preset tiny --out small/set' \
    >out.txt 2>err.txt || code=$?
  [[ $code == 7 ]] || fail "a read-only folder: exit $code: $(cat err.txt)"
else
  [[ -z ${CI:-} ]] || fail "no mount namespace here, so the disk tests cannot run"
  echo "skipped: full and read-only disks (no mount namespace here)"
fi
state_of runs/good >after.txt
cmp before.txt after.txt || fail "the good run was changed"
