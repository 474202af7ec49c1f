#!/usr/bin/env bash
# Everything about the kernels that needs a GPU: run this on a machine that has one and paste what it prints.
#
#   bash tools/test-gpu.sh            build (preset gpu-check), then test, sanitize and time on the GPU
#   bash tools/test-gpu.sh --no-build what is in build/gpu-check already: built elsewhere, with LibTorch's lib folder in LD_LIBRARY_PATH
#   STG_GPU_FULL=1 ...                the full product of shapes as well, and compute-sanitizer's slower tools
#
# Needs an NVIDIA driver, nvcc with C++20 (12 or later) and LibTorch with CUDA, which `STG_CUDA=ON bash tools/setup.sh` brings
# both, or your own in CMAKE_PREFIX_PATH; and of Debian or Ubuntu: g++ cmake ninja-build pkg-config python3 libfmt-dev
# libspdlog-dev libyaml-cpp-dev libxxhash-dev libgtest-dev libgmock-dev.
# Exit code: 0 all passed, 1 something failed, 77 no GPU here (everything was built and nothing was run).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tools/lib.sh
build=build/gpu-check
failed=()

# run NAME COMMAND...: a section of the report; goes on after a failure.
run() {
  local name=$1
  shift
  printf '\n=== %s\n' "$name"
  if ! "$@"; then failed+=("$name"); printf '=== FAILED: %s\n' "$name"; fi
}

# The architecture of the GPU here, or the one that CI builds.
architecture() {
  local cap
  cap=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader 2>/dev/null | head -n 1 | tr -d '. ') || true
  if [[ $cap =~ ^[0-9]+$ ]]; then echo "$cap"; else echo 90; fi
}

build_all() {
  local torch=()
  [[ -d $STG_LIBTORCH ]] && torch=(-DSTG_TORCH_DIR="$STG_LIBTORCH")
  cmake --preset gpu-check -DSTG_CUDA_ARCHITECTURES="${STG_CUDA_ARCHITECTURES:-$(architecture)}" "${torch[@]}" >"$build.log" 2>&1 \
    || { tail -n 30 "$build.log"; return 1; }
  nice -n 5 cmake --build --preset gpu-check >"$build.log" 2>&1 || { tail -n 30 "$build.log"; return 1; }
}

# Prints the summary only; the whole log when something failed. A skipped test means that the GPU was not found: a failure.
program() {
  local log
  log=$(mktemp)
  if "$build/bin/$1" "${@:2}" >"$log" 2>&1 && ! grep -q '^\[  SKIPPED \]' "$log"; then
    grep -E '^\[(==========|  PASSED  )\]' "$log" | tail -n 2
  else
    grep -vE '^\[( RUN  |       OK )' "$log" | tail -n 80
    return 1
  fi
}

sanitize() {  # sanitize TOOL: the emulated device's claims, checked by NVIDIA's own tool
  compute-sanitizer --tool "$1" --error-exitcode 9 "$build/bin/kernels_cuda" \
    --gtest_filter='GpuProperties.*:Pairwise/GpuCover.*/0' 2>&1 | tail -n 15
}

mkdir -p build
if [[ ${1:-} != --no-build ]]; then
  say "build (preset gpu-check, sm_$(architecture)); log in $build.log"
  build_all || { echo "the build failed"; exit 1; }
fi

if ! nvidia-smi --query-gpu=name --format=csv,noheader >/dev/null 2>&1; then
  run "the same tests on the emulated device" program kernels_emulation
  echo
  echo "no GPU here: nothing was run on one"
  exit 77
fi

echo "stgmamba $(git describe --always --dirty 2>/dev/null || true)"
nvidia-smi --query-gpu=name,driver_version,compute_cap,memory.total,clocks.max.sm --format=csv
"${NVCC:-nvcc}" --version 2>/dev/null | tail -n 2 || true
run "kernels against double precision" program kernels_cuda
run "ops: equality with the CPU through autograd" program test_ops --gtest_filter='Cuda*'
run "nn" program test_nn
if [[ ${STG_GPU_FULL:-0} != 0 ]]; then
  run "kernels, full product of shapes" program kernels_cuda_sweep --gtest_filter='*_forward-*float64*'  # one thread order, no float64
fi
if command -v compute-sanitizer >/dev/null; then
  run "compute-sanitizer memcheck" sanitize memcheck
  run "compute-sanitizer racecheck" sanitize racecheck
  if [[ ${STG_GPU_FULL:-0} != 0 ]]; then
    run "compute-sanitizer initcheck" sanitize initcheck
    run "compute-sanitizer synccheck" sanitize synccheck
  fi
else
  echo "compute-sanitizer is not in PATH: skipped"
fi
run "timings" "$build/bin/time_cuda_scan"

echo
if [[ ${#failed[@]} == 0 ]]; then echo "all sections passed"; else printf 'failed: %s\n' "${failed[@]}"; exit 1; fi
