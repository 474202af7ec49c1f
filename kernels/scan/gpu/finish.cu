// SPDX-License-Identifier: MIT
// Second pass of the backward scan: adds partial sums in fixed order and casts to the I/O type. One launch, three
// ranges of blocks: dB and dC over slices (a thread an element), dA, dskip and dbias over blocks, dU over branches.
// Overwrites its results. Reads what backward.cu wrote to the workspace.
#include "scan/gpu/dispatch.hpp"
#include "scan/gpu/row_math.hpp"
#include "scan/gpu/scan.hpp"

namespace stgmamba::kernels::STG_DEVICE_NAMESPACE {
namespace {

/// Element `i` of [tokens, 2 N]: the sum over slices.
template <typename Io, int N>
STG_DEVICE void finish_bc(const FinishArgs& args, const FinishBranchArgs& branch, long long i) {
  using T = Accum<Io>;
  const long long size = static_cast<long long>(args.tokens) * (2 * N);
  const int n = static_cast<int>(i % N);
  if (i >= size || n >= args.states) {
    return;
  }
  const T* sums = static_cast<const T*>(branch.bc_sums) + i;
  T total = device::load(sums);
  for (int slice = 1; slice < args.slices; ++slice) {
    total += device::load(sums + slice * size);
  }
  const Lines& out = i / N % 2 == 0 ? branch.d_b : branch.d_c;
  device::store(at<Io>(out, static_cast<int>(i / (2 * N)), n), total);
}

/// Element `i` of [N + 2, D]: the sum over the blocks that shared the sequences.
template <typename Io, int N>
STG_DEVICE void finish_channels(const FinishArgs& args, const FinishBranchArgs& branch, long long i) {
  using T = Accum<Io>;
  const long long size = static_cast<long long>(N + 2) * args.channels;
  if (i >= size) {
    return;
  }
  const int n = static_cast<int>(i / args.channels);
  const int channel = static_cast<int>(i - static_cast<long long>(n) * args.channels);
  const T* sums = static_cast<const T*>(branch.channel_sums) + i;
  T total = device::load(sums);
  for (int partial = 1; partial < branch.partials; ++partial) {
    total += device::load(sums + partial * size);
  }
  if (n < args.states) {
    device::store(static_cast<T*>(branch.d_a) + static_cast<long long>(channel) * args.states + n, total);
  } else if (n >= N) {
    device::store(static_cast<T*>(n == N ? branch.d_skip : branch.d_bias) + channel, total);
  }
}

/// Element `i` of [tokens, D]: the sum over branches, in the caller's order.
template <typename Io>
STG_DEVICE void finish_d_u(const FinishArgs& args, long long i) {
  using T = Accum<Io>;
  if (i >= static_cast<long long>(args.tokens) * args.channels) {
    return;
  }
  T total = device::load(static_cast<const T*>(args.branch[0].d_u) + i);
  for (int branch = 1; branch < args.branches; ++branch) {
    total += device::load(static_cast<const T*>(args.branch[branch].d_u) + i);
  }
  const int token = static_cast<int>(i / args.channels);
  device::store(at<Io>(args.d_u, token, static_cast<int>(i - static_cast<long long>(token) * args.channels)), total);
}

template <typename Io, int N>
STG_KERNEL void STG_LAUNCH_BOUNDS(kFinishThreads) scan_finish_kernel(STG_PARAMETER FinishArgs args) {
  long long block = device::block_index();
  for (int branch = 0; branch < args.branches; ++branch) {
    if (block < args.bc_blocks) {
      finish_bc<Io, N>(args, args.branch[branch], block * kFinishThreads + device::thread_index());
      return;
    }
    block -= args.bc_blocks;
    if (block < args.channel_blocks) {
      finish_channels<Io, N>(args, args.branch[branch], block * kFinishThreads + device::thread_index());
      return;
    }
    block -= args.channel_blocks;
  }
  finish_d_u<Io>(args, block * kFinishThreads + device::thread_index());
}

}  // namespace

const char* launch_finish(const BackwardPlan& plan, void* stream) {
  const LaunchShape shape{plan.finish_blocks, kFinishThreads, 0};
  return with_type_and_states(plan.io, plan.padded, [&](auto type, auto states) {
    return device::launch(scan_finish_kernel<typename decltype(type)::type, decltype(states)::value>, shape, stream,
                          plan.finish);
  });
}

}  // namespace stgmamba::kernels::STG_DEVICE_NAMESPACE
