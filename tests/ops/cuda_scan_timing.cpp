// SPDX-License-Identifier: MIT
// time_cuda_scan: the three scans of a block on a GPU, ours against a fair loop of PyTorch calls (unbind + addcmul),
// interleaved, median of 9. Prints one table; ends with 77 where there is no GPU.
#include <algorithm>
#include <cstdio>
#include <functional>

#include <torch/torch.h>

#include "stgmamba/ops/selective_scan.hpp"

namespace {

using stgmamba::ops::ScanAxis;
using stgmamba::ops::ScanBackend;
using stgmamba::ops::ScanBranch;
using torch::Tensor;

/// One branch as a careful PyTorch user would write it: time unbound once, states updated in place of nothing.
Tensor fair_loop(const Tensor& u, const ScanBranch& branch) {
  const std::int64_t axis = branch.axis == ScanAxis::kJoints ? 2 : 1;
  const Tensor delta = torch::softplus(branch.delta + branch.delta_bias);  // [B, F, V, D]
  const auto steps = delta.unbind(axis), inputs = (delta * u).unbind(axis);
  const auto bs = branch.b.unbind(axis), cs = branch.c.unbind(axis);
  std::vector<Tensor> ys(steps.size());
  Tensor state;  // [.., D, N]
  for (std::size_t k = 0; k < steps.size(); ++k) {
    const std::size_t t = branch.reverse ? steps.size() - 1 - k : k;
    const Tensor input = inputs[t].unsqueeze(-1) * bs[t].unsqueeze(-2);
    state = state.defined() ? torch::addcmul(input, torch::exp(steps[t].unsqueeze(-1) * branch.a), state) : input;
    ys[t] = torch::matmul(state, cs[t].unsqueeze(-1)).squeeze(-1);
  }
  return torch::addcmul(torch::stack(ys, axis), branch.skip, u);
}

struct Problem {
  Tensor u;
  std::vector<ScanBranch> branches;
  std::vector<Tensor> leaves;
};

Problem make_problem(std::int64_t channels, std::int64_t frames, at::ScalarType type) {
  torch::manual_seed(1);
  const auto leaf = [type](const Tensor& x, bool wide = false) {
    return x.to(torch::kCUDA).to(wide ? torch::kFloat : type).requires_grad_();
  };
  const std::int64_t batch = frames > 1000 ? 1 : 16, joints = 18, states = 16;
  Problem p;
  p.u = leaf(torch::randn({batch, frames, joints, channels}));
  p.leaves = {p.u};
  const std::pair<ScanAxis, bool> kinds[] = {
      {ScanAxis::kJoints, false}, {ScanAxis::kFrames, false}, {ScanAxis::kFrames, true}};
  for (const auto& [axis, reverse] : kinds) {
    ScanBranch branch{axis, reverse};
    const Tensor projected = leaf(torch::randn({batch, frames, joints, 8 + 2 * states}));
    branch.delta = leaf(torch::randn({batch, frames, joints, channels}) - 3);
    branch.b = projected.narrow(-1, 8, states), branch.c = projected.narrow(-1, 8 + states, states);
    branch.a = leaf(-torch::arange(1, states + 1, torch::kFloat).repeat({channels, 1}), true);
    branch.skip = leaf(torch::ones({channels}), true);
    branch.delta_bias = leaf(torch::zeros({channels}), true);
    branch.keep_last_state = false;
    p.leaves.insert(p.leaves.end(), {projected, branch.delta, branch.a, branch.skip, branch.delta_bias});
    p.branches.push_back(branch);
  }
  return p;
}

double milliseconds(const std::function<void()>& work) {
  torch::cuda::synchronize();
  const auto begin = std::chrono::steady_clock::now();
  work();
  torch::cuda::synchronize();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double> times) {
  std::nth_element(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2), times.end());
  return times[times.size() / 2];
}

void compare(const char* name, const Problem& p, bool train, bool with_loop) {
  const torch::AutoGradMode grad(train);
  const auto step = [&](bool ours) {
    std::vector<Tensor> ys;
    if (ours) {
      for (const auto& output : stgmamba::ops::selective_scan(p.u, p.branches, ScanBackend::kCuda)) {
        ys.push_back(output.y);
      }
    } else {
      for (const ScanBranch& branch : p.branches) {
        ys.push_back(fair_loop(p.u, branch));
      }
    }
    if (train) {
      torch::autograd::grad({ys[0].sum() + ys[1].sum() + ys[2].sum()}, p.leaves);
    }
  };
  std::vector<double> ours, loop;
  for (int round = 0; round < 12; ++round) {
    const double mine = milliseconds([&] { step(true); });
    const double other = with_loop ? milliseconds([&] { step(false); }) : 0.0;
    if (round >= 3) {  // the first rounds warm up
      ours.push_back(mine), loop.push_back(other);
    }
  }
  const double mine = median(ours), other = median(loop);
  std::printf("%-44s %9.3f ms", name, mine);
  if (with_loop) {
    std::printf("   fair loop %9.3f ms   ratio %6.1f", other, other / mine);
  }
  std::printf("\n");
}

}  // namespace

int main() {
  if (!torch::cuda::is_available()) {
    std::printf("no GPU here: nothing was timed\n");
    return 77;
  }
  std::printf("three scans in one call, B16 F50 V18 N16, wall time around a synchronised step, median of 9\n");
  for (const std::int64_t channels : {128, 256, 512}) {
    for (const at::ScalarType type : {torch::kFloat, torch::kBFloat16}) {
      const Problem p = make_problem(channels, 50, type);
      const std::string name = "D" + std::to_string(channels) + " " + c10::toString(type);
      compare((name + " forward").c_str(), p, false, type == torch::kFloat);
      compare((name + " forward + backward").c_str(), p, true, type == torch::kFloat);
    }
  }
  for (const std::int64_t frames : {1500, 3000, 6000}) {
    const Problem p = make_problem(256, frames, torch::kFloat);
    compare(("B1 D256 F" + std::to_string(frames) + " forward").c_str(), p, false, false);
    compare(("B1 D256 F" + std::to_string(frames) + " forward + backward").c_str(), p, true, false);
  }
  return 0;
}
