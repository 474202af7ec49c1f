// SPDX-License-Identifier: MIT
#include "scan/gpu/plan.hpp"

#include <algorithm>
#include <numeric>

#include "scan/gpu/scan.hpp"

namespace stgmamba::kernels {
namespace {

constexpr std::int64_t kMaxInt = 2147483647;

int io_bytes(Scalar io) {
  return io == Scalar::kFloat64 ? 8 : io == Scalar::kFloat32 ? 4 : 2;
}
int accum_bytes(Scalar io) {
  return io == Scalar::kFloat64 ? 8 : 4;
}
int up_to_multiple(std::int64_t x, int of) {
  return static_cast<int>((x + of - 1) / of * of);
}
std::int64_t parts(std::int64_t x, std::int64_t of) {
  return (x + of - 1) / of;
}

/// Channels a block: as few slices of at most `limit` as hold all channels, then no wider than they must be.
int threads_for(std::int64_t channels, int limit) {
  return up_to_multiple(parts(channels, parts(channels, limit)), 32);
}

template <typename Problem>
const char* check_problem(const Problem& p) {
  if (p.branches < 1 || p.branches > kMaxBranches) {
    return "the scan needs 1 to 4 branches";
  }
  if (p.states < 1 || p.states > kMaxGpuStates) {
    return "the GPU scan holds 1 to 32 states a channel";
  }
  if (p.channels < 1 || p.channels > kMaxInt / 64) {
    return "the GPU scan needs 1 to 2^25 channels";
  }
  return nullptr;
}

/// Last token of a path, or -1 when it leaves the range of the 32-bit token numbers.
std::int64_t last_token(const ScanPath& p) {
  if (p.sequences < 1 || p.length < 1 || p.inner < 1 || p.sequences > kMaxInt || p.length > kMaxInt || p.step < 1 ||
      p.outer_stride < 0 || p.inner_stride < 0) {
    return -1;
  }
  const auto last = static_cast<__int128>((p.sequences - 1) / p.inner) * p.outer_stride +
                    static_cast<__int128>(std::min(p.sequences, p.inner) - 1) * p.inner_stride +
                    static_cast<__int128>(p.length - 1) * p.step;
  return last < kMaxInt ? static_cast<std::int64_t>(last) : -1;
}

const char* path_args(const ScanPath& p, PathArgs& args) {
  const std::int64_t last = last_token(p);
  if (last < 0 || last + 1 != p.sequences * p.length) {
    return "a branch of the GPU scan must visit each of at most 2^31 - 1 tokens once, with a positive step";
  }
  if (p.order != nullptr && p.period < 1) {
    return "an order table needs its period";
  }
  args = {.order = p.order,
          .inner = static_cast<int>(std::min(p.inner, kMaxInt)),
          .outer_stride = static_cast<int>(std::min(p.outer_stride, kMaxInt)),  // only matters where it fits
          .inner_stride = static_cast<int>(std::min(p.inner_stride, kMaxInt)),
          .step = static_cast<int>(std::min(p.step, kMaxInt)),
          .length = static_cast<int>(p.length),
          .period = p.order != nullptr ? p.period : 1,
          .reverse = p.reverse ? 1 : 0,
          .sequences = static_cast<int>(p.sequences)};
  return nullptr;
}

/// Collects whether any row is too far from the next.
class LineMaker {
 public:
  explicit LineMaker(Scalar io) : bytes_(io_bytes(io)) {}
  Lines operator()(const Rows& rows) {
    fits_ = fits_ && rows.stride >= 0 && rows.stride <= kMaxInt / bytes_ && rows.data != nullptr;
    return {static_cast<char*>(rows.data), static_cast<int>(fits_ ? rows.stride * bytes_ : 0)};
  }
  const char* complaint() const {
    return fits_ ? nullptr : "rows of the GPU scan must exist and be under 2^31 bytes apart";
  }

 private:
  std::int64_t bytes_;
  bool fits_ = true;
};

/// Branches, longest first; equal ones in the caller's order.
template <typename Problem>
void longest_first(const Problem& problem, int (&order)[kMaxBranches]) {
  std::iota(order, order + problem.branches, 0);
  std::stable_sort(order, order + problem.branches,
                   [&](int i, int j) { return problem.branch[i].path.length > problem.branch[j].path.length; });
}

int padded_states(std::int64_t states) {
  return states <= 8 ? 8 : states <= 16 ? 16 : 32;
}

/// Lends the workspace out in 256-byte steps; with a null base it only counts.
class Arena {
 public:
  explicit Arena(void* base) : base_(static_cast<char*>(base)) {}
  void* take(std::int64_t bytes) {
    char* here = base_ == nullptr ? nullptr : base_ + used_;
    used_ += static_cast<std::size_t>((bytes + 255) / 256 * 256);
    return here;
  }
  std::size_t used() const { return used_; }

 private:
  char* base_;
  std::size_t used_ = 0;
};

/// States kept on chip for `steps` steps in chunks: those before every step of one chunk, and one a later chunk.
int rows_for(int steps, int chunk) {
  return chunk + static_cast<int>(parts(steps, chunk)) - 1;
}

int least_rows(int steps) {
  int least = steps;
  for (int chunk = 1; chunk <= steps; ++chunk) {
    least = std::min(least, rows_for(steps, chunk));
  }
  return least;
}

/// The chunk that repeats the fewest steps (all but the last chunk run twice) within `rows`.
int best_chunk(int steps, int rows) {
  int best = steps;
  int cost = kSegment * 2;
  for (int chunk = 1; chunk <= steps; ++chunk) {
    const int again = static_cast<int>(parts(steps, chunk) - 1) * chunk;
    if (rows_for(steps, chunk) <= rows && again < cost) {
      best = chunk;
      cost = again;
    }
  }
  return best;
}

int segment_steps(std::int64_t length) {
  return static_cast<int>(std::min<std::int64_t>(length, kSegment));
}

/// Shared memory of a backward block: kept states, then B and C of a segment, then the warps' sums, then tokens.
void lay_out_shared(BackwardPlan& plan, int rows, int steps, int accum) {
  int chunk = 1;
  for (int i = 0; i < plan.args.branches; ++i) {
    chunk = std::max(chunk, plan.args.branch[i].chunk);
  }
  plan.args.bc_offset = rows * plan.padded * plan.threads * accum;
  plan.args.sums_offset = plan.args.bc_offset + steps * 2 * plan.padded * accum;
  plan.args.tokens_offset = plan.args.sums_offset + plan.threads / 32 * chunk * 2 * plan.padded * accum;
  plan.shared_bytes = plan.args.tokens_offset + steps * 4;
}

const char* fill_backward_branch(const ScanBranchBackward& from, const ScanBackward& problem, const BackwardPlan& plan,
                                 LineMaker& lines, Arena& arena, BackwardBranchArgs& to) {
  if (const char* wrong = path_args(from.path, to.path)) {
    return wrong;
  }
  if (from.path.sequences * from.path.length != problem.tokens) {
    return "a branch of the GPU scan must visit every token of the problem";
  }
  const std::int64_t accum = accum_bytes(plan.io);
  to.delta = lines(from.delta), to.b = lines(from.b), to.c = lines(from.c);
  to.d_y = lines(from.d_y), to.d_delta = lines(from.d_delta);
  to.a = from.a, to.skip = from.skip, to.bias = from.bias, to.first = from.first, to.d_first = from.d_first;
  to.partials = std::min(to.path.sequences, kPartials);
  const std::int64_t segments = parts(from.path.length, kSegment);
  const std::int64_t blocks = static_cast<std::int64_t>(to.partials) * plan.args.slices;
  to.segment_states = segments > 1 ? arena.take(blocks * segments * plan.padded * plan.threads * accum) : nullptr;
  to.bc_sums = arena.take(plan.args.slices * problem.tokens * 2 * plan.padded * accum);
  to.channel_sums = arena.take(to.partials * (plan.padded + 2) * problem.channels * accum);
  if (problem.branches == 1) {
    to.d_u = lines(problem.d_u);
  } else {
    if (problem.channels * accum > kMaxInt) {
      return lines.complaint();
    }
    to.d_u = {static_cast<char*>(arena.take(problem.tokens * problem.channels * accum)),
              static_cast<int>(problem.channels * accum)};
  }
  return nullptr;
}

void fill_finish(const ScanBackward& problem, const int (&order)[kMaxBranches], LineMaker& lines, BackwardPlan& plan) {
  FinishArgs& f = plan.finish;
  f.branches = plan.args.branches, f.channels = plan.args.channels, f.states = plan.args.states;
  f.slices = plan.args.slices, f.tokens = plan.args.tokens;
  f.d_u = lines(problem.d_u);
  for (int i = 0; i < problem.branches; ++i) {
    const BackwardBranchArgs& from = plan.args.branch[i];
    const ScanBranchBackward& result = problem.branch[order[i]];
    f.branch[order[i]] = {.d_b = lines(result.d_b),
                          .d_c = lines(result.d_c),
                          .d_a = result.d_a,
                          .d_skip = result.d_skip,
                          .d_bias = result.d_bias,
                          .bc_sums = from.bc_sums,
                          .channel_sums = from.channel_sums,
                          .d_u = from.d_u.data,
                          .partials = from.partials};
  }
  f.bc_blocks = parts(problem.tokens * 2 * plan.padded, kFinishThreads);
  f.channel_blocks = parts((plan.padded + 2) * problem.channels, kFinishThreads);
  const long long d_u_blocks = problem.branches == 1 ? 0 : parts(problem.tokens * problem.channels, kFinishThreads);
  plan.finish_blocks = (f.bc_blocks + f.channel_blocks) * problem.branches + d_u_blocks;
}

}  // namespace

const char* plan_forward(const ScanForward& problem, ForwardPlan& plan) {
  if (const char* wrong = check_problem(problem)) {
    return wrong;
  }
  plan.io = problem.io;
  plan.padded = padded_states(problem.states);
  plan.threads = threads_for(problem.channels, kForwardThreads);
  std::int64_t sequences = 0;
  for (int i = 0; i < problem.branches; ++i) {
    sequences += problem.branch[i].path.sequences;
  }
  // A long song alone has few sequences: narrower blocks spread them over more multiprocessors.
  constexpr std::int64_t kEnoughBlocks = 512;
  while (plan.threads > 32 && sequences * parts(problem.channels, plan.threads) < kEnoughBlocks) {
    plan.threads = up_to_multiple(plan.threads / 2, 32);
  }
  ForwardArgs& args = plan.args;
  LineMaker lines(problem.io);
  args.branches = problem.branches, args.channels = static_cast<int>(problem.channels);
  args.states = static_cast<int>(problem.states), args.slices = static_cast<int>(parts(problem.channels, plan.threads));
  args.u = lines(problem.u);
  int order[kMaxBranches];
  longest_first(problem, order);
  for (int i = 0; i < problem.branches; ++i) {
    const ScanBranchForward& from = problem.branch[order[i]];
    ForwardBranchArgs& to = args.branch[i];
    if (const char* wrong = path_args(from.path, to.path)) {
      return wrong;
    }
    to.delta = lines(from.delta), to.b = lines(from.b), to.c = lines(from.c), to.y = lines(from.y);
    to.a = from.a, to.skip = from.skip, to.bias = from.bias, to.first = from.first, to.last = from.last;
    to.first_block = static_cast<int>(plan.blocks);
    plan.blocks += from.path.sequences * args.slices;
  }
  plan.shared_bytes = kForwardTile * 2 * plan.padded * accum_bytes(plan.io) + kForwardTile * 4;
  return plan.blocks > kMaxInt ? "the GPU scan has too many sequences for one launch" : lines.complaint();
}

const char* plan_backward(const ScanBackward& problem, void* workspace, BackwardPlan& plan) {
  if (const char* wrong = check_problem(problem)) {
    return wrong;
  }
  plan.io = problem.io;
  plan.padded = padded_states(problem.states);
  plan.threads = threads_for(problem.channels, plan.padded <= 16 ? 64 : 32);  // kept states fill the shared memory
  BackwardArgs& args = plan.args;
  args.branches = problem.branches, args.channels = static_cast<int>(problem.channels);
  args.states = static_cast<int>(problem.states), args.slices = static_cast<int>(parts(problem.channels, plan.threads));
  args.tokens = static_cast<int>(problem.tokens), args.d_u_is_io = problem.branches == 1 ? 1 : 0;
  LineMaker lines(problem.io);
  args.u = lines(problem.u);
  int order[kMaxBranches];
  longest_first(problem, order);
  Arena arena(workspace);
  int rows = 1;
  for (int i = 0; i < problem.branches; ++i) {
    BackwardBranchArgs& to = args.branch[i];
    if (const char* wrong = fill_backward_branch(problem.branch[order[i]], problem, plan, lines, arena, to)) {
      return wrong;
    }
    to.first_block = static_cast<int>(plan.blocks);
    plan.blocks += static_cast<long long>(to.partials) * args.slices;
    rows = std::max(rows, least_rows(segment_steps(to.path.length)));
  }
  for (int i = 0; i < problem.branches; ++i) {
    args.branch[i].chunk = best_chunk(segment_steps(args.branch[i].path.length), rows);
  }
  lay_out_shared(plan, rows, segment_steps(args.branch[0].path.length), accum_bytes(plan.io));
  fill_finish(problem, order, lines, plan);
  plan.workspace = arena.used();
  return plan.finish_blocks > kMaxInt ? "the GPU scan has too many tokens for one launch" : lines.complaint();
}

std::size_t gpu_scan_backward_workspace(const ScanBackward& problem) {
  BackwardPlan plan;
  return plan_backward(problem, nullptr, plan) == nullptr ? plan.workspace : 0;
}

}  // namespace stgmamba::kernels
