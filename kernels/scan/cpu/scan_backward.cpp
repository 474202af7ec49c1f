// SPDX-License-Identifier: MIT
#include <algorithm>

#include "stgmamba/util/check.hpp"

#include "scan/cpu/narrow.hpp"
#include "scan/cpu/plan.hpp"
#include "scan/cpu/reduce.hpp"

namespace stgmamba::kernels {
namespace {

/// Where the sum of d_u over the branches lies between them, in the accumulation type.
class RunningSum {
 public:
  RunningSum(const ScanBackward& problem, const ScanKernels& kernels)
      : problem_(problem),
        in_place_(problem.io == Scalar::kFloat32 || problem.io == Scalar::kFloat64),
        memory_(in_place_ || problem.branches < 2
                    ? 0
                    : static_cast<std::size_t>(problem.tokens * problem.channels) * kernels.scalar_bytes),
        rows_(in_place_ ? problem.d_u : Rows{memory_.get(), problem.channels}) {}
  void apply(int branch, BackwardTask& task) const {
    task.d_u = problem_.d_u;
    task.d_u_before = branch > 0 ? rows_ : Rows{};
    task.d_u_after = in_place_ || branch + 1 < problem_.branches ? rows_ : Rows{};
  }

 private:
  const ScanBackward& problem_;
  bool in_place_;
  Buffer memory_;
  Rows rows_;
};

void run_branch(const ScanBackward& problem, int index, const ScanKernels& kernels, const RunningSum& sum,
                const CpuRun& run) {
  const ScanBranchBackward& branch = problem.branch[index];
  const Packed packed(kernels, problem.channels, problem.states, branch.a, branch.skip, branch.bias);
  const Cut pieces = cut(branch.path.sequences, blocks_of(problem.channels, kernels));
  BackwardTask task;
  ScanPart& part = task.part;
  part.path = branch.path;
  part.u = problem.u;
  part.delta = branch.delta;
  part.b = branch.b;
  part.c = branch.c;
  part.first = branch.first;
  part.channels = problem.channels;
  part.states = problem.states;
  packed.apply(part);
  pieces.apply(0, part);
  part.chunk = backward_chunk(kernels, part, run.chunk);
  task.d_y = branch.d_y;
  task.d_delta = branch.d_delta;
  task.d_b = branch.d_b;
  task.d_c = branch.d_c;
  task.d_first = branch.d_first;
  sum.apply(index, task);
  const Partials partials(kernels, problem, pieces);
  std::size_t scratch = 0;
  for (std::int64_t i = 0; i < pieces.count(); ++i) {
    pieces.apply(i, part);
    scratch = std::max(scratch, kernels.backward_scratch(part));
  }
  run_tasks(run, pieces.count(), scratch, [&](std::int64_t i, void* memory) {
    BackwardTask own = task;
    pieces.apply(i, own.part);
    partials.apply(i, own);
    kernels.backward(own, memory);
  });
  partials.add_up(branch, run);
}

}  // namespace

void scan_backward(const ScanBackward& problem, const CpuRun& run) {
  STG_CHECK(problem.branches >= 1 && problem.branches <= kMaxBranches, "[scan_backward] 1 to {} branches, got {}",
            kMaxBranches, problem.branches);
  STG_CHECK(problem.channels >= 1 && problem.states >= 1 && problem.states <= kMaxStates,
            "[scan_backward] needs channels and 1 to {} states, got {} and {}", kMaxStates, problem.channels,
            problem.states);
  if (is_narrow(problem)) {
    return scan_narrow_backward(problem, run);
  }
  const ScanKernels& kernels = find_kernels(problem.io, run.isa);
  const RunningSum sum(problem, kernels);
  // One branch after the other: each adds its part of d_u to what the ones before it left.
  for (int i = 0; i < problem.branches; ++i) {
    run_branch(problem, i, kernels, sum, run);
  }
}

}  // namespace stgmamba::kernels
