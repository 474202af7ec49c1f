#!/usr/bin/env bash
# Measurements, each beside what it must beat.
#
#   bash tools/bench.sh scan [--json FILE] [--width 128 256 512] [--repeats 9] [--threads 2] [--no-peers] [--memory]
#     the selective scan against its reference op and a fair PyTorch loop, interleaved. Python peers: bench/peers.py.
#   bash tools/bench.sh model [--json FILE] [--width 64 128] [--repeats 9] [--threads 2] [--device cuda]
#     the STGM block and the S1-6 training step with our kernels and with those two scans, and our step's profile.
#   bash tools/bench.sh generator [--json FILE] [--ngf 64] [--size 256] [--batch 4] [--threads 2] [--repeats 5]
#     the paper's video generator beside the same network in PyTorch eager (LibTorch's own Python part), in turns.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/lib.sh
what=${1:-}
if [[ $what != scan && $what != model && $what != generator ]]; then sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2; fi
shift
build=${STG_BENCH_DIR:-build/bench}
if [[ " $* " == *" --device cuda"* || " $* " == *" --device=cuda"* ]]; then export STG_CUDA=ON; else export STG_CUDA=OFF; fi
bash tools/setup.sh --test >&2
cmake -S . -B "$build" -DCMAKE_BUILD_TYPE=Release -DSTG_BUILD_BENCH=ON -DSTG_BUILD_TESTS=OFF -DSTG_TORCH_DIR="$STG_LIBTORCH" \
  -DSTG_CUDA="$STG_CUDA" >"$STG_CACHE/configure.log" || { tail -n 20 "$STG_CACHE/configure.log" >&2; exit 1; }
cmake --build "$build" --target "bench_$what" >&2
if [[ $what == generator ]]; then
  PYTHONPATH=$STG_LIBTORCH exec python3 bench/generator.py --program "$build/bin/bench_generator" "$@"
fi
exec "$build/bin/bench_$what" "$@"
