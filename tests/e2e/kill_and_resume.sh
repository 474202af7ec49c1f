#!/usr/bin/env bash
# A run that is killed at random moments ends with the same bits as one that was left alone.
#   bash tests/e2e/kill_and_resume.sh BIN_FOLDER [KILLS [STEPS]]
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
kills=${2:-3} steps=${3:-80}
newest() { ls "runs/$1/checkpoints" 2>/dev/null | tail -n 1 || true; }

make_corpus
expect 0 "" small_train quiet train.steps="$steps"

for ((i = 1; i <= kills; ++i)); do
  before=$(newest killed)
  small_train killed train.steps="$steps" >/dev/null 2>err.txt &
  pid=$!
  while [[ $(newest killed) == "$before" ]] && kill -0 "$pid" 2>/dev/null; do sleep 0.02; done # every life gets somewhere
  sleep "$(awk -v r="$RANDOM" 'BEGIN { print 0.5 * r / 32768 }')"
  pkill -9 -P "$pid" 2>/dev/null || true # the program, not this shell's function around it
  code=0
  wait "$pid" 2>/dev/null || code=$?
  [[ $code == 137 ]] || fail "kill $i came after the end of the run (exit $code); give more steps"
  echo "kill $i after $(newest killed)"
done
expect 75 "info: runs/stopped: stopped at step 1 of $steps, state saved" small_train stopped train.steps="$steps" --max-steps 1
expect 0 "" small_train killed train.steps="$steps"
last=$(printf 'step_%09d' "$steps")
cmp "runs/quiet/checkpoints/$last/generator.safetensors" "runs/killed/checkpoints/$last/generator.safetensors" ||
  fail "the killed run ended differently"
cmp "runs/quiet/checkpoints/$last/optimizer.safetensors" "runs/killed/checkpoints/$last/optimizer.safetensors" ||
  fail "the killed run's optimiser ended differently"
[[ -z $(find runs/killed -name '*.part') ]] || fail "leftovers: $(find runs/killed -name '*.part')"

# A signal: saved, said so, exit code 75, and the rest is done by the same command.
small_train signalled train.steps=100000 >/dev/null 2>err.txt &
pid=$!
while [[ ! -e runs/signalled/checkpoints/step_000000002/COMPLETE ]]; do sleep 0.1; done
pkill -TERM -P "$pid"
code=0
wait "$pid" || code=$?
[[ $code == 75 ]] || fail "SIGTERM ended with $code: $(cat err.txt)"
grep -q 'state saved' err.txt || fail "nothing was said about the state: $(cat err.txt)"

# The proof can be stopped too, and leaves nothing.
"$bin/stg_train" -q --config tiny_kpop.yaml data.root=set model.d=16 model.blocks=1 --run-name stopped-proof \
  --verify-resume 100000 >/dev/null 2>err.txt &
pid=$!
sleep 3
kill -TERM "$pid"
code=0
wait "$pid" || code=$?
[[ $code == 75 ]] || fail "a stopped proof ended with $code: $(cat err.txt)"
[[ -z $(find runs -name '.verify*') ]] || fail "a stopped proof left $(find runs -name '.verify*')"

expect 0 "" "$bin/stg_train" -q --config tiny_kpop.yaml data.root=set model.d=16 model.blocks=1 data.batch_size=4 \
  data.epoch_samples=16 --run-name proof --verify-resume 5
grep -q '^resume verified' out.txt || fail "no proof: $(cat out.txt)"
