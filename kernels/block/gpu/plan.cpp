// SPDX-License-Identifier: MIT
#include "block/gpu/plan.hpp"

#include <algorithm>

#include "block/gpu/gated_norm.hpp"

namespace stgmamba::kernels {
namespace {

constexpr std::int64_t kMaxInt = 2147483647;

int io_bytes(Scalar io) {
  return io == Scalar::kFloat64 ? 8 : io == Scalar::kFloat32 ? 4 : 2;
}
int accum_bytes(Scalar io) {
  return io == Scalar::kFloat64 ? 8 : 4;
}

/// Rows in bytes; `wrong` is set where a stride leaves 32 bits.
Lines lines(const Rows& rows, Scalar io, const char*& wrong) {
  const std::int64_t stride = rows.stride * io_bytes(io);
  if (stride < 0 || stride > kMaxInt) {
    wrong = "rows of the gated norm must be less than 2^31 bytes apart";
  }
  return {static_cast<char*>(rows.data), static_cast<int>(stride)};
}

int blocks_for(std::int64_t tokens) {
  return static_cast<int>(std::min<std::int64_t>(tokens, kNormBlocks));
}

/// What both passes share. `sums`: values that a block sums at a time, in two buffers.
template <class Problem, class Args>
const char* plan_shared(const Problem& p, int sums, NormPlan& plan, Args& args) {
  if (p.branches < 1 || p.branches > kMaxBranches || (p.gates != 1 && p.gates != p.branches)) {
    return "the gated norm needs 1 to 4 branches, and one gate or one each";
  }
  if (p.channels < 1 || p.channels > kGpuNormChannels || p.tokens < 1 || p.tokens > kMaxInt - kNormBlocks) {
    return "the gated norm on a GPU needs 1 to 512 channels and 1 to 2^31 - 1025 tokens";
  }
  const char* wrong = nullptr;
  for (int i = 0; i < p.branches; ++i) {
    args.y[i] = lines(p.y[i], p.io, wrong);
    args.weight[i] = p.weight[i];
    args.bias[i] = p.bias[i];
  }
  for (int i = 0; i < p.gates; ++i) {
    args.gate[i] = lines(p.gate[i], p.io, wrong);
  }
  args.channels = static_cast<int>(p.channels);
  args.gates = p.gates;
  plan.threads = static_cast<int>((p.channels + 31) / 32 * 32);
  plan.shared_bytes = 2 * sums * plan.threads / 32 * accum_bytes(p.io);
  return wrong;
}

}  // namespace

std::size_t gpu_gated_norm_workspace(const GatedNormBackward& problem) {
  return static_cast<std::size_t>(blocks_for(problem.tokens)) * static_cast<std::size_t>(problem.branches * 2) *
         static_cast<std::size_t>(problem.channels * accum_bytes(problem.io));
}

const char* plan_norm_forward(const GatedNormForward& problem, NormPlan& plan, NormForwardArgs& args) {
  if (const char* wrong = plan_shared(problem, problem.branches, plan, args)) {
    return wrong;
  }
  const char* wrong = nullptr;
  plan.blocks = problem.tokens;
  args.out = lines(problem.out, problem.io, wrong);
  args.moments = problem.moments;
  args.epsilon = static_cast<float>(problem.epsilon);
  return wrong;
}

const char* plan_norm_backward(const GatedNormBackward& problem, void* workspace, NormPlan& plan,
                               NormBackwardArgs& args) {
  if (const char* wrong = plan_shared(problem, 2 * problem.branches, plan, args)) {
    return wrong;
  }
  const char* wrong = nullptr;
  plan.blocks = args.blocks = blocks_for(problem.tokens);
  args.tokens = static_cast<int>(problem.tokens);
  args.d_out = lines(problem.d_out, problem.io, wrong);
  for (int i = 0; i < problem.branches; ++i) {
    args.d_y[i] = lines(problem.d_y[i], problem.io, wrong);
    args.d_weight[i] = problem.d_weight[i];
    args.d_bias[i] = problem.d_bias[i];
  }
  for (int i = 0; i < problem.gates; ++i) {
    args.d_gate[i] = lines(problem.d_gate[i], problem.io, wrong);
  }
  args.moments = problem.moments;
  args.sums = workspace;
  return wrong;
}

}  // namespace stgmamba::kernels
