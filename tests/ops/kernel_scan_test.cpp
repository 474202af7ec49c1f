// SPDX-License-Identifier: MIT
// What the autograd glue around the kernels must do besides the mathematics: layouts, types, unused branches.
#include <mutex>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "stgmamba/ops/selective_scan.hpp"

#include "ops/torch_threads.hpp"
#include "support/error_between.hpp"

namespace stgmamba::ops {
namespace {

using torch::Tensor;
constexpr std::int64_t kB = 2, kF = 7, kV = 5, kD = 37, kN = 6, kRank = 3;

/// What a block owns: the tensors that gradients go to.
struct Layer {
  Tensor projected, delta, a, skip, bias;  // [B, F, V, rank + 2N], [B, F, V, D], [D, N], [D], [D]

  explicit Layer(at::ScalarType type = torch::kFloat) {
    const auto leaf = [](const Tensor& x) { return x.detach().requires_grad_(); };
    projected = leaf(torch::randn({kB, kF, kV, kRank + 2 * kN}).to(type));
    delta = leaf((torch::randn({kB, kF, kV, kD}) - 2).to(type));
    a = leaf(-torch::rand({kD, kN}) * 4 - 0.5);
    skip = leaf(torch::randn({kD}));
    bias = leaf(torch::randn({kD}) * 0.1);
  }
  ScanBranch branch(ScanAxis axis, bool reverse) const {
    ScanBranch branch{axis, reverse};
    branch.delta = delta;
    branch.b = projected.narrow(-1, kRank, kN);
    branch.c = projected.narrow(-1, kRank + kN, kN);
    branch.a = a;
    branch.skip = skip;
    branch.delta_bias = bias;
    return branch;
  }
  std::vector<Tensor> leaves() const { return {projected, delta, a, skip, bias}; }
};

/// Gradients of a weighted sum of the branches in `used`.
std::vector<Tensor> gradients(const Tensor& u, const std::vector<Layer>& layers, const std::vector<std::size_t>& used,
                              ScanBackend backend) {
  const std::vector<ScanBranch> branches = {layers[0].branch(ScanAxis::kJoints, false),
                                            layers[1].branch(ScanAxis::kFrames, false),
                                            layers[2].branch(ScanAxis::kFrames, true)};
  const auto outputs = selective_scan(u, branches, backend);
  Tensor sum;
  for (const std::size_t i : used) {
    const Tensor weight = torch::linspace(-1, 1, outputs[i].y.numel()).view(outputs[i].y.sizes());
    const Tensor term = (outputs[i].y * weight).sum();
    sum = sum.defined() ? sum + term : term;
  }
  std::vector<Tensor> inputs = {u};
  for (const Layer& layer : layers) {
    for (const Tensor& leaf : layer.leaves()) {
      inputs.push_back(leaf);
    }
  }
  return torch::autograd::grad({sum}, inputs, {}, std::nullopt, false, /*allow_unused=*/true);
}

TEST(KernelScan, GradientsEqualTheReferenceAlsoWhereBranchesAreUnused) {
  torch::manual_seed(1);
  const std::vector<Layer> layers(3);
  const Tensor u = torch::randn({kB, kF, kV, kD}).requires_grad_();
  for (const std::vector<std::size_t>& used : std::vector<std::vector<std::size_t>>{{0, 1, 2}, {1}, {0, 2}}) {
    const auto wanted = gradients(u, layers, used, ScanBackend::kReference);
    const auto got = gradients(u, layers, used, ScanBackend::kCpu);
    ASSERT_EQ(got.size(), wanted.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      if (!wanted[i].defined()) {  // a branch that was not used
        EXPECT_FALSE(got[i].defined() && got[i].abs().max().item<double>() > 0) << i;
        continue;
      }
      EXPECT_LT(test::error_between(got[i], wanted[i]), 3e-6) << "input " << i << " of " << used.size() << " branches";
    }
  }
}

TEST(KernelScan, MoreBranchesThanOneCallTakes) {
  torch::manual_seed(2);
  const Layer layer;
  const Tensor u = torch::randn({kB, kF, kV, kD});
  const std::vector<ScanBranch> branches(6, layer.branch(ScanAxis::kNodes, true));
  const auto outputs = selective_scan(u, branches, ScanBackend::kCpu);
  ASSERT_EQ(outputs.size(), 6U);
  for (const ScanOutput& output : outputs) {
    EXPECT_TRUE(torch::equal(output.y, outputs[0].y));
  }
}

TEST(KernelScan, AnyLayoutOfTheOperands) {
  torch::manual_seed(3);
  const Layer layer;
  const Tensor u = torch::randn({kB, kF, kV, kD});
  const auto run = [](const Tensor& x, const ScanBranch& branch) {
    return selective_scan(x, {branch}, ScanBackend::kCpu)[0].y;
  };
  const ScanBranch plain = layer.branch(ScanAxis::kFrames, false);
  const Tensor wanted = run(u, plain);
  ScanBranch odd = plain;
  odd.b = plain.b.permute({3, 0, 2, 1}).contiguous().permute({1, 3, 2, 0});
  odd.delta = plain.delta.transpose(1, 2).contiguous().transpose(1, 2);
  odd.a = plain.a.t().contiguous().t();
  EXPECT_TRUE(torch::equal(run(u.transpose(0, 1).contiguous().transpose(0, 1), odd), wanted));
  // One of each axis, as views whose strides lie.
  for (const std::int64_t axis : {0, 1, 2}) {
    const auto one = [axis](const Tensor& x) { return x.narrow(axis, 1, 1); };
    ScanBranch view = plain;
    view.delta = one(plain.delta);
    view.b = one(plain.b);
    view.c = one(plain.c);
    ScanBranch copy = view;
    copy.delta = view.delta.contiguous();
    copy.b = view.b.contiguous();
    copy.c = view.c.contiguous();
    EXPECT_TRUE(torch::equal(run(one(u), view), run(one(u).contiguous(), copy))) << "axis " << axis;
  }
  // A gradient without memory of its own, as sum() hands back.
  const Tensor x = u.clone().requires_grad_();
  const auto grad = [&](bool expanded) {
    const Tensor y = run(x, plain);
    const Tensor ones = expanded ? torch::ones({1}).expand(y.sizes()) : torch::ones_like(y);
    return torch::autograd::grad({y}, {x}, {ones})[0];
  };
  EXPECT_TRUE(torch::equal(grad(true), grad(false)));
}

TEST(KernelScan, HalfPrecisionTensorsWithWideParameters) {
  torch::manual_seed(4);
  // Tolerances of state-spaces/mamba, tests/ops/test_selective_scan.py: {rtol, atol} by type.
  struct Tolerance {
    at::ScalarType type;
    double relative, absolute;
  };
  for (const Tolerance& t : {Tolerance{torch::kHalf, 3e-3, 5e-3}, Tolerance{torch::kBFloat16, 3e-2, 5e-2}}) {
    const Layer layer(t.type);
    const Tensor u = torch::randn({kB, kF, kV, kD}).to(t.type).requires_grad_();
    const ScanOutput out = selective_scan(u, {layer.branch(ScanAxis::kFrames, true)}, ScanBackend::kCpu)[0];
    EXPECT_EQ(out.y.scalar_type(), t.type);
    EXPECT_EQ(out.last_state.scalar_type(), torch::kFloat);
    std::vector<Tensor> inputs = layer.leaves();
    inputs.push_back(u);
    const auto got = torch::autograd::grad({out.y.to(torch::kFloat).sum()}, inputs);
    const Tensor y = selective_scan(u, {layer.branch(ScanAxis::kFrames, true)}, ScanBackend::kReference)[0].y;
    EXPECT_EQ(y.scalar_type(), t.type);
    const auto wanted = torch::autograd::grad({y.to(torch::kFloat).sum()}, inputs);
    EXPECT_TRUE(torch::allclose(out.y.to(torch::kFloat), y.to(torch::kFloat), t.relative, t.absolute));
    for (std::size_t i = 0; i < got.size(); ++i) {
      EXPECT_EQ(got[i].scalar_type(), inputs[i].scalar_type());
      EXPECT_TRUE(
          torch::allclose(got[i].to(torch::kFloat), wanted[i].to(torch::kFloat), 2 * t.relative, 2 * t.absolute))
          << i << " " << c10::toString(t.type);
    }
  }
}

TEST(KernelScan, BitsDoNotDependOnThreads) {
  torch::manual_seed(5);
  const std::vector<Layer> layers(3);
  const Tensor u = torch::randn({kB, kF, kV, kD}).requires_grad_();
  const int before = at::get_num_threads();
  std::vector<Tensor> wanted;  // of one thread
  for (const int threads : {1, 2, 3, 1}) {
    at::set_num_threads(threads);
    const auto got = gradients(u, layers, {0, 1, 2}, ScanBackend::kCpu);
    for (std::size_t i = 0; i < got.size() && !wanted.empty(); ++i) {
      EXPECT_TRUE(torch::equal(got[i], wanted[i])) << threads << " threads, input " << i;
    }
    wanted = got;
  }
  at::set_num_threads(before);
}

TEST(KernelScan, RunsOnAllOfLibTorchsThreads) {
  const int before = at::get_num_threads();
  at::set_num_threads(3);
  std::mutex mutex;
  std::set<std::thread::id> threads;
  std::int64_t covered = 0;
  on_torch_threads(30, [&](std::int64_t begin, std::int64_t end) {
    const std::lock_guard lock(mutex);
    threads.insert(std::this_thread::get_id());
    covered += end - begin;
  });
  EXPECT_EQ(threads.size(), 3U);
  EXPECT_EQ(covered, 30);
  at::set_num_threads(before);
}

TEST(KernelScan, TheLastStateIsOptional) {
  const Layer layer;
  const Tensor u = torch::randn({kB, kF, kV, kD});
  for (const ScanBackend backend : {ScanBackend::kReference, ScanBackend::kCpu}) {
    ScanBranch branch = layer.branch(ScanAxis::kFrames, false);
    const ScanOutput with = selective_scan(u, {branch}, backend)[0];
    EXPECT_EQ(with.last_state.sizes(), (std::vector<std::int64_t>{kB * kV, kD, kN}));
    EXPECT_FALSE(with.last_state.requires_grad());
    branch.keep_last_state = false;
    const ScanOutput without = selective_scan(u, {branch}, backend)[0];
    EXPECT_FALSE(without.last_state.defined());
    EXPECT_TRUE(torch::equal(with.y, without.y));
  }
}

}  // namespace
}  // namespace stgmamba::ops
