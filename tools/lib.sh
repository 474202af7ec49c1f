# Shared by the scripts of this folder: where things live, and how stages are announced. Sourced, not run.
STG_CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/stgmamba
STG_LIBTORCH=$STG_CACHE/libtorch-$(sed -n 's/^torch==\([0-9.]*\).*/\1/p' cmake/packages-pypi-cpu.txt)
export CCACHE_DIR=${CCACHE_DIR:-$STG_CACHE/ccache}
export CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
export CCACHE_BASEDIR=${CCACHE_BASEDIR:-$PWD} CCACHE_NOHASHDIR=1  # another checkout finds the same results
export CCACHE_MAXSIZE=${CCACHE_MAXSIZE:-5G}
export CMAKE_GENERATOR=${CMAKE_GENERATOR:-Ninja}

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }

# stage NAME COMMAND...: runs it and remembers how long it took; print_stages shows the table.
stage_names=() stage_seconds=()
stage() {
  local name=$1 begin=$SECONDS
  shift
  say "$name"
  "$@"
  stage_names+=("$name") stage_seconds+=($((SECONDS - begin)))
}
print_stages() {
  local i
  for i in "${!stage_names[@]}"; do printf '  %-42s %5d s\n' "${stage_names[$i]}" "${stage_seconds[$i]}" >&2; done
  printf '  %-42s %5d s\n' total "$SECONDS" >&2
}

# STG_CUDA=ON|OFF|AUTO; AUTO (default) means: there is a driver or a compiler on this machine.
wants_cuda() {
  case ${STG_CUDA:-AUTO} in
    ON) return 0 ;;
    OFF) return 1 ;;
    *) command -v nvidia-smi >/dev/null || command -v nvcc >/dev/null ;;
  esac
}
cuda_flag() { if wants_cuda; then echo ON; else echo OFF; fi; }
