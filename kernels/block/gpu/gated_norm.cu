// SPDX-License-Identifier: MIT
// LayerNorm of every branch, times silu(gate), summed; forward and backward in one pass over memory each.
//
// Block = one token at a time, thread = channel. Means over channels are block sums with one barrier each; a token's
// numbers stay in registers between them. Backward, a block takes every `blocks`-th token and keeps its channels'
// dweight and dbias in registers; a second launch adds the blocks' shares in order. Overwrites its results.
#include "block/gpu/block_sum.hpp"
#include "block/gpu/gated_norm.hpp"
#include "block/gpu/plan.hpp"
#include "scan/gpu/dispatch.hpp"
#include "scan/gpu/row_math.hpp"

namespace stgmamba::kernels::STG_DEVICE_NAMESPACE {
namespace {

template <typename T>
STG_DEVICE T sigmoid(T x) {
  return device::reciprocal(T(1) + device::exp2(x * -static_cast<T>(kLog2EDouble)));
}

/// This thread's column of a [tokens, D] matrix; 0 for surplus threads.
template <typename Io>
STG_DEVICE Accum<Io> column(const Lines& lines, int token, int channel, bool active) {
  return active ? Accum<Io>(device::load(at<const Io>(lines, token, channel))) : Accum<Io>(0);
}

template <typename Io, int K>
STG_KERNEL void STG_LAUNCH_BOUNDS(kGpuNormChannels) norm_forward_kernel(STG_PARAMETER NormForwardArgs args) {
  using T = Accum<Io>;
  const int channel = device::thread_index();
  const bool active = channel < args.channels;
  const int read = active ? channel : 0;
  const int half = K * (device::block_size() / 32) * static_cast<int>(sizeof(T));
  const device::Shared<T> first(0), second(half);
  const T share = T(1) / static_cast<T>(args.channels);
  T weight[K], bias[K];
  STG_UNROLL
  for (int i = 0; i < K; ++i) {
    weight[i] = device::load(static_cast<const T*>(args.weight[i]) + read);
    bias[i] = device::load(static_cast<const T*>(args.bias[i]) + read);
  }
  const int token = device::block_index();
  T x[K], gate[K], sums[K];
  STG_UNROLL
  for (int i = 0; i < K; ++i) {  // everything that is read, asked for at once
    x[i] = sums[i] = column<Io>(args.y[i], token, channel, active);
    gate[i] = i == 0 || i < args.gates ? column<Io>(args.gate[i], token, channel, active) : gate[0];
  }
  block_sums(sums, first);
  T squares[K];
  STG_UNROLL
  for (int i = 0; i < K; ++i) {
    sums[i] *= share;
    x[i] = active ? x[i] - sums[i] : T(0);
    squares[i] = x[i] * x[i];
  }
  block_sums(squares, second);
  T total = T(0);
  STG_UNROLL
  for (int i = 0; i < K; ++i) {
    const T inverse = device::inverse_sqrt(device::fma(squares[i], share, static_cast<T>(args.epsilon)));
    const T open = gate[i] * sigmoid(gate[i]);
    total = device::fma(device::fma(x[i] * inverse, weight[i], bias[i]), open, total);
    if (device::thread_index() == 0) {
      T* moments = static_cast<T*>(args.moments) + (static_cast<long long>(token) * K + i) * 2;
      device::store(moments, sums[i]);
      device::store(moments + 1, inverse);
    }
  }
  if (active) {
    device::store(at<Io>(args.out, token, channel), total);
  }
}

template <typename Io, int K>
STG_KERNEL void STG_LAUNCH_BOUNDS(kGpuNormChannels) norm_backward_kernel(STG_PARAMETER NormBackwardArgs args) {
  using T = Accum<Io>;
  const int channel = device::thread_index();
  const bool active = channel < args.channels;
  const int read = active ? channel : 0;
  const int half = 2 * K * (device::block_size() / 32) * static_cast<int>(sizeof(T));
  const T share = T(1) / static_cast<T>(args.channels);
  T d_weight[K], d_bias[K];
  STG_UNROLL
  for (int i = 0; i < K; ++i) {
    d_weight[i] = d_bias[i] = T(0);
  }
  int turn = 0;
  for (int token = device::block_index(); token < args.tokens; token += args.blocks) {
    const T d_out = column<Io>(args.d_out, token, channel, active);
    T x[K], dx[K], inverse[K], sums[2 * K];
    T raw = T(0), open = T(0), d_silu = T(0);
    STG_UNROLL
    for (int i = 0; i < K; ++i) {
      const T* moments = static_cast<const T*>(args.moments) + (static_cast<long long>(token) * K + i) * 2;
      inverse[i] = device::load(moments + 1);
      const T centred = column<Io>(args.y[i], token, channel, active) - device::load(moments);
      x[i] = active ? centred * inverse[i] : T(0);
      if (i < args.gates) {
        raw = column<Io>(args.gate[i], token, channel, active);
        open = sigmoid(raw);
        d_silu = T(0);
      }
      const T weight = device::load(static_cast<const T*>(args.weight[i]) + read);
      const T bias = device::load(static_cast<const T*>(args.bias[i]) + read);
      d_silu = device::fma(d_out, device::fma(x[i], weight, bias), d_silu);
      const T d_norm = d_out * (raw * open);
      d_weight[i] = device::fma(d_norm, x[i], d_weight[i]);
      d_bias[i] += d_norm;
      dx[i] = d_norm * weight;
      sums[2 * i] = dx[i];
      sums[2 * i + 1] = dx[i] * x[i];
      if (active && (args.gates > 1 || i + 1 == K)) {
        const T slope = open * device::fma(raw, T(1) - open, T(1));
        device::store(at<Io>(args.d_gate[i < args.gates ? i : 0], token, channel), d_silu * slope);
      }
    }
    block_sums(sums, device::Shared<T>(turn * half));
    turn = 1 - turn;
    STG_UNROLL
    for (int i = 0; i < K; ++i) {
      const T d_y = inverse[i] * (dx[i] - sums[2 * i] * share - x[i] * (sums[2 * i + 1] * share));
      if (active) {
        device::store(at<Io>(args.d_y[i], token, channel), d_y);
      }
    }
  }
  if (active) {
    T* kept = static_cast<T*>(args.sums) + static_cast<long long>(device::block_index()) * (2 * K * args.channels);
    STG_UNROLL
    for (int i = 0; i < K; ++i) {
      device::store(kept + 2 * i * args.channels + channel, d_weight[i]);
      device::store(kept + (2 * i + 1) * args.channels + channel, d_bias[i]);
    }
  }
}

/// Columns of [branches, 2, D] summed over the blocks: each of the groups takes every kNormFinishGroups-th share in
/// order, then the groups are added in order.
template <typename Io, int K>
STG_KERNEL void STG_LAUNCH_BOUNDS(kNormFinishColumns* kNormFinishGroups)
    norm_finish_kernel(STG_PARAMETER NormBackwardArgs args) {
  using T = Accum<Io>;
  const device::Shared<T> groups(0);  // [groups, columns]
  const int size = 2 * K * args.channels;
  const int group = device::thread_index() / kNormFinishColumns;
  const int i = device::block_index() * kNormFinishColumns + device::thread_index() % kNormFinishColumns;
  T total = T(0);
  for (int block = group; block < args.blocks && i < size; block += kNormFinishGroups) {
    total += device::load(static_cast<const T*>(args.sums) + static_cast<long long>(block) * size + i);
  }
  groups.store(device::thread_index(), total);
  device::barrier();
  if (group > 0 || i >= size) {
    return;
  }
  for (int other = 1; other < kNormFinishGroups; ++other) {
    total += groups.load(other * kNormFinishColumns + device::thread_index());
  }
  const int row = i / args.channels;
  void* const to = row % 2 == 0 ? args.d_weight[row / 2] : args.d_bias[row / 2];
  device::store(static_cast<T*>(to) + (i - row * args.channels), total);
}

/// call(Type<Io>, K) for the type and the number of branches.
template <typename Io, typename Call>
const char* with_branches(int branches, const Call& call) {
  switch (branches) {
    case 1:
      return call(Type<Io>{}, std::integral_constant<int, 1>{});
    case 2:
      return call(Type<Io>{}, std::integral_constant<int, 2>{});
    case 3:
      return call(Type<Io>{}, std::integral_constant<int, 3>{});
    default:
      return call(Type<Io>{}, std::integral_constant<int, 4>{});
  }
}
template <typename Call>
const char* with_type_and_branches(Scalar io, int branches, const Call& call) {
  return with_type(io, [&](auto type) { return with_branches<typename decltype(type)::type>(branches, call); });
}

}  // namespace

const char* gated_norm_forward(const GatedNormForward& problem, void* stream) {
  NormPlan plan;
  NormForwardArgs args{};
  if (const char* wrong = plan_norm_forward(problem, plan, args)) {
    return wrong;
  }
  const LaunchShape shape{plan.blocks, plan.threads, plan.shared_bytes};
  return with_type_and_branches(problem.io, problem.branches, [&](auto type, auto branches) {
    return device::launch(norm_forward_kernel<typename decltype(type)::type, decltype(branches)::value>, shape, stream,
                          args);
  });
}

const char* gated_norm_backward(const GatedNormBackward& problem, void* workspace, void* stream) {
  NormPlan plan;
  NormBackwardArgs args{};
  if (const char* wrong = plan_norm_backward(problem, workspace, plan, args)) {
    return wrong;
  }
  const LaunchShape shape{plan.blocks, plan.threads, plan.shared_bytes};
  const long long elements = 2LL * problem.branches * args.channels;
  constexpr int kThreads = kNormFinishColumns * kNormFinishGroups;
  return with_type_and_branches(problem.io, problem.branches, [&](auto type, auto branches) {
    using Io = typename decltype(type)::type;
    constexpr int kBranches = decltype(branches)::value;
    if (const char* wrong = device::launch(norm_backward_kernel<Io, kBranches>, shape, stream, args)) {
      return wrong;
    }
    const LaunchShape finish{(elements + kNormFinishColumns - 1) / kNormFinishColumns, kThreads,
                             kThreads * static_cast<int>(sizeof(Accum<Io>))};
    return device::launch(norm_finish_kernel<Io, kBranches>, finish, stream, args);
  });
}

}  // namespace stgmamba::kernels::STG_DEVICE_NAMESPACE
