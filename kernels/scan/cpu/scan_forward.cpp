// SPDX-License-Identifier: MIT
#include <algorithm>

#include "stgmamba/util/check.hpp"

#include "scan/cpu/plan.hpp"

namespace stgmamba::kernels {
namespace {

constexpr std::int64_t kForwardChunk = 64;  // steps whose staged rows fit the L1 cache beside the states

}  // namespace

void scan_forward(const ScanForward& problem, const CpuRun& run) {
  STG_CHECK(problem.branches >= 0 && problem.branches <= kMaxBranches, "[scan_forward] at most {} branches, got {}",
            kMaxBranches, problem.branches);
  STG_CHECK(problem.channels >= 1 && problem.states >= 1 && problem.states <= kMaxStates,
            "[scan_forward] needs channels and 1 to {} states, got {} and {}", kMaxStates, problem.channels,
            problem.states);
  const ScanKernels& kernels = find_kernels(problem.io, run.isa);
  std::vector<Packed> packed;
  std::vector<ForwardTask> tasks;
  packed.reserve(static_cast<std::size_t>(problem.branches));
  std::size_t scratch = 0;
  for (int i = 0; i < problem.branches; ++i) {
    const ScanBranchForward& branch = problem.branch[i];
    packed.emplace_back(kernels, problem.channels, problem.states, branch.a, branch.skip, branch.bias);
    ForwardTask task;
    ScanPart& part = task.part;
    part.path = branch.path;
    part.u = problem.u;
    part.delta = branch.delta;
    part.b = branch.b;
    part.c = branch.c;
    part.first = branch.first;
    part.channels = problem.channels;
    part.states = problem.states;
    part.chunk = std::min(run.chunk > 0 ? run.chunk : kForwardChunk, branch.path.length);
    packed.back().apply(part);
    task.y = branch.y;
    task.last = branch.last;
    const Cut pieces = cut(branch.path.sequences, blocks_of(problem.channels, kernels));
    for (std::int64_t piece = 0; piece < pieces.count(); ++piece) {
      pieces.apply(piece, part);
      tasks.push_back(task);
      scratch = std::max(scratch, kernels.forward_scratch(part));
    }
  }
  run_tasks(run, static_cast<std::int64_t>(tasks.size()), scratch,
            [&](std::int64_t i, void* memory) { kernels.forward(tasks[static_cast<std::size_t>(i)], memory); });
}

}  // namespace stgmamba::kernels
