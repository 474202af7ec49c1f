# Shared by the end-to-end tests: BIN is the folder of programs, and work happens in a scratch folder. Sourced, not run.
#   bash tests/e2e/<name>.sh BIN_FOLDER
set -euo pipefail
bin=$(realpath "$1")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export STG_SHARE_DIR=$here/../..
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
export OMP_NUM_THREADS=1 # two programs run side by side, and threads that spin starve each other

fail() { echo "FAILED: $*" >&2; exit 1; }

# expect CODE TEXT COMMAND...: the exit code, and one line of error (of information where it stopped as asked) with TEXT.
expect() {
  local code=$1 text=$2 got=0
  shift 2
  "$@" >out.txt 2>err.txt || got=$?
  [[ $got == "$code" ]] || fail "$*: exit $got instead of $code: $(tail -n 3 err.txt)"
  [[ -z $text ]] || tail -n 1 err.txt | grep -qF -- "$text" || fail "$*: '$text' is not in: $(tail -n 1 err.txt)"
  [[ $code =~ ^(0|10|75)$ || $(grep -c '^error: ' err.txt) == 1 ]] || fail "$*: not one line of error: $(cat err.txt)"
}

make_corpus() { "$bin/stg_data" -q synth --preset tiny --out set >/dev/null; }

# A run of a few small steps in runs/NAME; more words are overrides and flags.
small_train() {
  local name=$1
  shift
  "$bin/stg_train" --config tiny_kpop.yaml --run-name "$name" data.root=set model.d=16 model.blocks=1 data.batch_size=4 \
    data.epoch_samples=16 train.steps=12 eval.every=6 checkpoint.every=2 log.sample_every=0 "$@"
}
