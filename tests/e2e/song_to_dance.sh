#!/usr/bin/env bash
# From nothing to a dance: corpus, checks, training, a real song to video, the run moved to another place, its parity bundle.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
song=/usr/share/games/fretsonfire/data/songs/sectoid/Feelings/song.ogg

make_corpus
expect 0 "" "$bin/stg_data" check set
expect 0 "" "$bin/stg_data" card set
expect 0 "" "$bin/stg_data" show set -o sheet.png
expect 0 "" small_train first
[[ -s runs/first/metrics.jsonl && -e runs/first/best && -e runs/first/config.yaml ]] || fail "the run folder is not whole"
expect 0 "" small_train first # finished: nothing to do, and no error

expect 0 "" "$bin/stg_generate" -q --music "$song" --seconds 8.3 --variants 2 --save-skeleton dance.npz -o dance.mp4
[[ -s dance-1.mp4 && -s dance-2.mp4 ]] || fail "two variants were asked for"
cmp -s dance-1.npz dance-2.npz && fail "two variants are the same dance"
mv runs moved
expect 0 "" "$bin/stg_generate" -q --runs-dir moved --music "$song" --seconds 8.3 --variants 2 --save-skeleton again.npz
cmp dance-1.npz again-1.npz || fail "a moved run dances differently"

mkdir dances
for take in $(cat set/splits/test.txt); do
  expect 0 "" "$bin/stg_generate" -q --motion moved/first --music "set/clips/$take/audio.wav" --save-skeleton "dances/$take.npz"
done
expect 0 "" "$bin/stg_eval" --generated dances --data set
grep -q '^all ' out.txt || fail "no scores: $(cat out.txt)"
expect 0 "" "$bin/stg_eval" --config "$PWD/moved/first/config.yaml" --checkpoint moved/first --parity bundle
[[ -s bundle/weights.safetensors && -s bundle/README.md ]] || fail "the parity bundle is not whole"
expect 0 "" "$bin/stg_train" -q --config finetune.yaml data.root=set model.d=16 model.blocks=1 model.d_state=8 train.steps=2 \
  data.batch_size=4 data.epoch_samples=8 --init-from moved/first --run-name tuned
