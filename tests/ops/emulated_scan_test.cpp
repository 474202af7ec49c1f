// SPDX-License-Identifier: MIT
// The GPU kernels behind the real autograd glue, on CPU tensors: the emulated device takes the place of CUDA.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "emulation/grid.hpp"
#include "ops/kernel_scan.hpp"
#include "scan/gpu/scan.hpp"
#include "support/gradcheck.hpp"

namespace stgmamba::ops {
namespace {

using torch::Tensor;
constexpr std::int64_t kB = 2, kF = 5, kV = 4, kD = 3, kN = 6;

void forward(const kernels::ScanForward& problem) {
  ASSERT_STREQ(kernels::emulated::scan_forward(problem, nullptr), nullptr);
}
void backward(const kernels::ScanBackward& problem) {
  const auto bytes = static_cast<std::int64_t>(kernels::gpu_scan_backward_workspace(problem));
  const Tensor workspace = torch::full({bytes}, 255, torch::kByte);  // NaN, should anything read what it did not write
  ASSERT_STREQ(kernels::emulated::scan_backward(problem, workspace.data_ptr(), nullptr), nullptr);
}
std::vector<ScanOutput> emulated_scan(const Tensor& u, const std::vector<ScanBranch>& branches) {
  static constexpr KernelLaunch kLaunch = {forward, backward};
  return kernel_scan(u, branches, kLaunch);
}

/// All three branches of a block, B and C as views of one projection, an initial state where it is allowed.
struct Block {
  Tensor u, projected, delta, a, skip, bias, first;

  explicit Block(at::ScalarType type, std::int64_t channels = kD) {
    const auto leaf = [](const Tensor& x, at::ScalarType to) { return x.to(to).detach().requires_grad_(); };
    const at::ScalarType wide = type == torch::kDouble ? torch::kDouble : torch::kFloat;
    u = leaf(torch::randn({kB, kF, kV, channels}), type);
    projected = leaf(torch::randn({kB, kF, kV, 2 * kN + 1}), type);
    delta = leaf(torch::randn({kB, kF, kV, channels}) - 1, type);
    a = leaf(-torch::rand({channels, kN}) - 0.1, wide);
    skip = leaf(torch::randn({channels}), wide);
    bias = leaf(torch::randn({channels}), wide);
    first = leaf(torch::randn({kB * kV, channels, kN}), wide);
  }
  std::vector<ScanBranch> branches() const {
    std::vector<ScanBranch> all = {
        {ScanAxis::kJoints, false, {2, 0, 3, 1}}, {ScanAxis::kFrames, false}, {ScanAxis::kFrames, true}};
    for (ScanBranch& branch : all) {
      branch.delta = delta, branch.a = a, branch.skip = skip, branch.delta_bias = bias;
      branch.b = projected.narrow(-1, 1, kN), branch.c = projected.narrow(-1, 1 + kN, kN);
    }
    all[1].initial_state = first;
    return all;
  }
  std::vector<Tensor> leaves() const { return {u, projected, delta, a, skip, bias, first}; }
};

Tensor weighted(const std::vector<ScanOutput>& outputs) {
  Tensor sum = torch::zeros({}, torch::kDouble);
  for (const ScanOutput& output : outputs) {
    sum = sum + (output.y.to(torch::kDouble) *
                 torch::linspace(-1, 1, output.y.numel(), torch::kDouble).view(output.y.sizes()))
                    .sum();
  }
  return sum;
}

TEST(EmulatedScan, Gradcheck) {
  torch::manual_seed(1);
  const Block block(torch::kDouble);
  test::gradcheck([&] { return weighted(emulated_scan(block.u, block.branches())); }, block.leaves());
}

TEST(EmulatedScan, EqualsTheReference) {
  torch::manual_seed(2);
  const struct {
    at::ScalarType type;
    double bound;  // of the largest value
  } kinds[] = {{torch::kDouble, 1e-12}, {torch::kFloat, 5e-6}, {torch::kBFloat16, 2e-2}, {torch::kHalf, 3e-3}};
  for (const auto& kind : kinds) {
    const Block block(kind.type, 70);
    Block wide = block;  // the reference in double, from the same rounded numbers
    for (Tensor* x : {&wide.u, &wide.projected, &wide.delta, &wide.a, &wide.skip, &wide.bias, &wide.first}) {
      *x = x->detach().to(torch::kDouble).requires_grad_();
    }
    const auto got = emulated_scan(block.u, block.branches());
    const auto wanted = selective_scan(wide.u, wide.branches(), ScanBackend::kReference);
    const auto near = [&kind](const Tensor& x, const Tensor& y) {
      return ((x.to(torch::kDouble) - y).abs().max() / y.abs().max()).item<double>() < kind.bound;
    };
    for (std::size_t i = 0; i < got.size(); ++i) {
      EXPECT_TRUE(near(got[i].y, wanted[i].y)) << c10::toString(kind.type) << " y " << i;
      EXPECT_TRUE(near(got[i].last_state, wanted[i].last_state)) << c10::toString(kind.type) << " last " << i;
    }
    const auto got_grads = torch::autograd::grad({weighted(got)}, block.leaves());
    const auto wanted_grads = torch::autograd::grad({weighted(wanted)}, wide.leaves());
    for (std::size_t i = 0; i < got_grads.size(); ++i) {
      EXPECT_TRUE(near(got_grads[i], wanted_grads[i])) << c10::toString(kind.type) << " gradient " << i;
    }
  }
}

TEST(EmulatedScan, UnusedBranchesAndOneLaunchForAll) {
  torch::manual_seed(3);
  const Block block(torch::kFloat);
  kernels::emulation::settings().launches = 0;
  const auto outputs = emulated_scan(block.u, block.branches());
  EXPECT_EQ(kernels::emulation::settings().launches, 1);
  const auto grads = torch::autograd::grad({outputs[2].y.sum()}, {block.u, block.projected});
  EXPECT_EQ(kernels::emulation::settings().launches, 3);  // all branches, then the sums
  const auto wanted = selective_scan(block.u, block.branches(), ScanBackend::kReference);
  EXPECT_TRUE(torch::allclose(grads[0], torch::autograd::grad({wanted[2].y.sum()}, {block.u})[0], 1e-4, 1e-5));
}

}  // namespace
}  // namespace stgmamba::ops
