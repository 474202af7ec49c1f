// SPDX-License-Identifier: MIT
// The cuda backend against the CPU's, through the public op. Skipped where there is no GPU.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "stgmamba/ops/selective_scan.hpp"

namespace stgmamba::ops {
namespace {

using torch::Tensor;

class CudaScan : public testing::Test {
 protected:
  void SetUp() override {
    if (!torch::cuda::is_available()) {
      GTEST_SKIP() << "no GPU here (the emulated device runs the same kernels everywhere)";
    }
  }
};

struct Result {
  std::vector<Tensor> values;  // y and last state of every branch, then the gradients of every input
};

/// The three scans of a block at the default width, on `device`, from the same numbers everywhere.
Result run(const char* device, at::ScalarType type, std::int64_t states, ScanBackend backend, double scale = 1.0) {
  torch::manual_seed(7);
  const std::int64_t batch = 2, frames = 50, joints = 18, channels = 128;
  const auto leaf = [device](const Tensor& x, at::ScalarType to) {
    return x.to(to).to(torch::Device(device)).detach().requires_grad_();
  };
  const Tensor u = leaf(torch::randn({batch, frames, joints, channels}), type);
  const Tensor projected = leaf(torch::randn({batch, frames, joints, 8 + 2 * states}), type);
  const Tensor delta = leaf(torch::randn({batch, frames, joints, channels}) - 3, type);
  const Tensor a = leaf(-torch::rand({channels, states}) * 8 - 0.1, torch::kFloat);
  const Tensor skip = leaf(torch::randn({channels}), torch::kFloat);
  const Tensor bias = leaf(torch::randn({channels}), torch::kFloat);
  const Tensor first = leaf(torch::randn({batch * joints, channels, states}), torch::kFloat);
  std::vector<std::int64_t> order(static_cast<std::size_t>(joints));
  for (std::size_t i = 0; i < order.size(); ++i) {
    order[i] = static_cast<std::int64_t>(i * 7 % order.size());
  }
  std::vector<ScanBranch> branches = {
      {ScanAxis::kJoints, false, order}, {ScanAxis::kFrames, false}, {ScanAxis::kFrames, true}};
  for (ScanBranch& branch : branches) {
    branch.delta = delta, branch.a = a, branch.skip = skip, branch.delta_bias = bias;
    branch.b = projected.narrow(-1, 8, states), branch.c = projected.narrow(-1, 8 + states, states);
  }
  branches[1].initial_state = first;
  Result result;
  Tensor loss;
  for (const ScanOutput& output : selective_scan(u, branches, backend)) {
    result.values.insert(result.values.end(), {output.y.detach(), output.last_state});
    const Tensor weight = torch::linspace(-1, 1, output.y.numel()).to(torch::Device(device)).view(output.y.sizes());
    const Tensor term = (output.y.to(torch::kFloat) * weight).sum() * scale;
    loss = loss.defined() ? loss + term : term;
  }
  for (Tensor& gradient : torch::autograd::grad({loss}, {u, projected, delta, a, skip, bias, first})) {
    result.values.push_back(gradient);
  }
  return result;
}

void expect_near(const Result& got, const Result& wanted, double bound) {
  for (std::size_t i = 0; i < wanted.values.size(); ++i) {
    const Tensor x = got.values[i].cpu().to(torch::kDouble), y = wanted.values[i].cpu().to(torch::kDouble);
    EXPECT_LT(((x - y).abs().max() / y.abs().max()).item<double>(), bound) << "value " << i;
  }
}

TEST_F(CudaScan, EqualsTheCpu) {
  for (const std::int64_t states : {1, 4, 8, 16, 32}) {
    expect_near(run("cuda", torch::kFloat, states, ScanBackend::kCuda),
                run("cpu", torch::kFloat, states, ScanBackend::kCpu), 1e-5);
  }
  expect_near(run("cuda", torch::kBFloat16, 16, ScanBackend::kCuda),
              run("cpu", torch::kBFloat16, 16, ScanBackend::kCpu), 3e-2);
  expect_near(run("cuda", torch::kHalf, 16, ScanBackend::kCuda), run("cpu", torch::kHalf, 16, ScanBackend::kCpu), 5e-3);
}

TEST_F(CudaScan, TinyGradientsEqualTheCpu) {
  expect_near(run("cuda", torch::kFloat, 16, ScanBackend::kCuda, 1e-8),
              run("cpu", torch::kFloat, 16, ScanBackend::kCpu, 1e-8), 1e-5);
}

TEST_F(CudaScan, IsWhatAutoTakesAndRepeatsItsBits) {
  const Result first = run("cuda", torch::kFloat, 16, ScanBackend::kCuda);
  const Result again = run("cuda", torch::kFloat, 16, ScanBackend::kAuto);
  for (std::size_t i = 0; i < first.values.size(); ++i) {
    EXPECT_TRUE(torch::equal(first.values[i], again.values[i])) << "value " << i;
  }
}

TEST_F(CudaScan, DoublePrecisionFallsBackToTheReference) {
  expect_near(run("cuda", torch::kDouble, 4, ScanBackend::kAuto), run("cpu", torch::kDouble, 4, ScanBackend::kCpu),
              1e-5);
}

}  // namespace
}  // namespace stgmamba::ops
