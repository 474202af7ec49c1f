#!/usr/bin/env bash
# From a bare Debian 12 to a skeleton that dances to music it has never heard: installs what is missing, builds, makes a
# small corpus, trains the small model for a minute or two, and lets it dance to a held-out song.
# Result: out/demo.mp4 and out/demo-person.mp4, with scores. Safe to run again: what is done is not done twice, and the second run works
# offline. An interrupted training goes on where it stopped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export STG_CUDA=${STG_CUDA:-OFF}  # the demo needs no GPU; STG_CUDA=ON builds for one
export OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-passive}  # threads that spin starve each other on a machine with other work
source tools/lib.sh
build=${STG_BUILD_DIR:-build/release}
bin=$build/bin
corpus=out/demo/corpus runs=out/demo/runs dances=out/demo/dances

configure() {
  cmake -S . -B "$build" -DCMAKE_BUILD_TYPE=Release -DSTG_CUDA="$(cuda_flag)" -DSTG_BUILD_TESTS=OFF \
    -DSTG_TORCH_DIR="$STG_LIBTORCH" >"$STG_CACHE/configure.log" || { tail -n 20 "$STG_CACHE/configure.log" >&2; exit 1; }
}
compile() { cmake --build "$build" --target stg_data stg_train stg_generate stg_eval; }
make_corpus() { [[ -d $corpus ]] || "$bin/stg_data" synth --preset small --out "$corpus"; }
train() { "$bin/stg_train" --config tiny_kpop.yaml data.root="$corpus" --runs-dir "$runs"; }
dance() {
  local take video=out/demo.mp4
  rm -rf "$dances"
  while read -r take; do  # the dances of the held-out song; the first is the video
    "$bin/stg_generate" --quiet --motion "$runs/tiny_kpop" --music "$corpus/clips/$take/audio.wav" --force \
      ${video:+-o $video} --save-skeleton "$dances/$take.npz"
    video=
  done <"$corpus/splits/test.txt"
  "$bin/stg_generate" --quiet --from-skeleton "$(ls "$dances"/*.npz | head -n 1)" --force -o out/demo.png
}
dance_in_person() {  # the same dance by one of the corpus's dressed figures, beside the skeleton
  local take
  take=$(head -n 1 "$corpus/splits/test.txt")
  "$bin/stg_generate" --quiet --from-skeleton "$dances/$take.npz" --music "$corpus/clips/$take/audio.wav" \
    --video puppet --identity 18 --overlay side-by-side --force -o out/demo-person.mp4
}
score() { "$bin/stg_eval" --generated "$dances" --data "$corpus"; }

stage "set up" bash tools/setup.sh
stage "configure" configure
stage "build" compile
stage "make 64 songs with 2 dances each" make_corpus
stage "train (tiny_kpop.yaml)" train
stage "dance to a song never heard" dance
stage "the same dance in person" dance_in_person
stage "score" score
print_stages
say "watch out/demo.mp4 (poses: out/demo.png) and out/demo-person.mp4; your own song: $bin/stg_generate --runs-dir $runs --music SONG -o dance.mp4"
