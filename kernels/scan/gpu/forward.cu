// SPDX-License-Identifier: MIT
// Selective scan, forward, all branches in one launch.
//
// Thread = channel of one sequence; its N states and N values of A stay in registers, time runs inside the thread. The
// block index picks branch, sequence and slice of channels. B and C of 32 steps at a time are staged in shared memory
// and read as 16-byte broadcasts; u, delta and y are one coalesced access a step whatever axis the branch runs along.
// Overwrites y and last. Any L and D; N up to the template's (8, 16, 32), padded with states that stay 0.
#include "scan/gpu/dispatch.hpp"
#include "scan/gpu/row_math.hpp"
#include "scan/gpu/scan.hpp"

namespace stgmamba::kernels::STG_DEVICE_NAMESPACE {
namespace {

template <typename Io, int N>
class ForwardThread {
 public:
  using T = Accum<Io>;

  STG_DEVICE ForwardThread(const ForwardArgs& args, const ForwardBranchArgs& branch)
      : args_(args), branch_(branch), bc_(0), tokens_(kForwardTile * 2 * N * static_cast<int>(sizeof(T))) {
    const int work = device::block_index() - branch.first_block;
    sequence_ = work / args.slices;
    const int channel = (work - sequence_ * args.slices) * device::block_size() + device::thread_index();
    active_ = channel < args.channels;
    channel_ = active_ ? channel : args.channels - 1;  // surplus threads repeat the last channel and store nothing
    base_ = first_token(branch.path, sequence_);
  }

  STG_DEVICE void run() {
    load_constants();
    for (int begin = 0; begin < branch_.path.length; begin += kForwardTile) {
      const int left = branch_.path.length - begin;
      const int steps = left < kForwardTile ? left : kForwardTile;
      device::barrier();  // everyone has read the tile before
      stage_rows<Io, N>(branch_, args_.states, base_, begin, steps, bc_, tokens_);
      device::barrier();
      run_tile(steps);
    }
    store_last();
  }

 private:
  STG_DEVICE long long state_index(int n) const {
    return (static_cast<long long>(sequence_) * args_.channels + channel_) * args_.states + n;
  }

  STG_DEVICE void load_constants() {
    const T* a = static_cast<const T*>(branch_.a) + static_cast<long long>(channel_) * args_.states;
    const T* first = static_cast<const T*>(branch_.first);
    STG_UNROLL
    for (int n = 0; n < N; ++n) {
      const bool real = n < args_.states;
      a_[n] = real ? device::load(a + n) * static_cast<T>(kLog2EDouble) : T(0);
      h_[n] = real && first != nullptr ? device::load(first + state_index(n)) : T(0);
    }
    skip_ = device::load(static_cast<const T*>(branch_.skip) + channel_);
    bias_ = device::load(static_cast<const T*>(branch_.bias) + channel_);
  }

  STG_DEVICE void run_tile(int steps) {
    int token = tokens_.load(0);
    T u = device::load(at<const Io>(args_.u, token, channel_));
    T raw = device::load(at<const Io>(branch_.delta, token, channel_));
    STG_NO_UNROLL
    for (int i = 0; i < steps; ++i) {
      // The loads of the next step are under way while this one computes; the last step asks for itself again.
      const int next = tokens_.load(i + 1 < steps ? i + 1 : i);
      const T next_u = device::load(at<const Io>(args_.u, next, channel_));
      const T next_raw = device::load(at<const Io>(branch_.delta, next, channel_));
      const T y = step(i * 2 * N, u, raw);
      if (active_) {
        device::store(at<Io>(branch_.y, token, channel_), y);
      }
      token = next, u = next_u, raw = next_raw;
    }
  }

  /// Advances the states by one step, B and C at `row` of the tile. Returns y.
  STG_DEVICE T step(int row, T u, T raw) {
    const T delta = softplus(raw + bias_);
    const T input = delta * u;
    T y = skip_ * u;
    STG_UNROLL
    for (int n = 0; n < N; n += 4) {
      const Four<T> b = bc_.load4(row + n);
      const Four<T> c = bc_.load4(row + N + n);
      STG_UNROLL
      for (int j = 0; j < 4; ++j) {
        // Rounds as the backward kernel does: both see the same states, bit by bit.
        h_[n + j] = device::fma(input, b.v[j], device::exp2(delta * a_[n + j]) * h_[n + j]);
        y = device::fma(c.v[j], h_[n + j], y);
      }
    }
    return y;
  }

  STG_DEVICE void store_last() {
    T* last = static_cast<T*>(branch_.last);
    if (last == nullptr || !active_) {
      return;
    }
    STG_UNROLL
    for (int n = 0; n < N; ++n) {
      if (n < args_.states) {
        device::store(last + state_index(n), h_[n]);
      }
    }
  }

  const ForwardArgs& args_;
  const ForwardBranchArgs& branch_;
  device::Shared<T> bc_;        // [tile, 2 N]
  device::Shared<int> tokens_;  // [tile]
  T a_[N], h_[N];               // a: times log2 e
  T skip_, bias_;
  int sequence_, channel_, base_;
  bool active_;
};

/// Blocks a multiprocessor must hold: 64, 80 or 128 registers a thread. Left alone, ptxas spills to save a few.
template <int N>
inline constexpr int kForwardBlocks = N == 8    ? 8
                                      : N == 16 ? 6
                                                : 4;

template <typename Io, int N>
STG_KERNEL void STG_LAUNCH_BOUNDS(kForwardThreads, kForwardBlocks<N>)
    scan_forward_kernel(STG_PARAMETER ForwardArgs args) {
  int branch = 0;
  while (branch + 1 < args.branches && device::block_index() >= args.branch[branch + 1].first_block) {
    ++branch;
  }
  ForwardThread<Io, N>(args, args.branch[branch]).run();
}

}  // namespace

const char* scan_forward(const ScanForward& problem, void* stream) {
  ForwardPlan plan;
  if (const char* wrong = plan_forward(problem, plan)) {
    return wrong;
  }
  const LaunchShape shape{plan.blocks, plan.threads, plan.shared_bytes};
  return with_type_and_states(plan.io, plan.padded, [&](auto type, auto states) {
    return device::launch(scan_forward_kernel<typename decltype(type)::type, decltype(states)::value>, shape, stream,
                          plan.args);
  });
}

}  // namespace stgmamba::kernels::STG_DEVICE_NAMESPACE
