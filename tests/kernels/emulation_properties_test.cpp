// SPDX-License-Identifier: MIT
// What only the emulated device can show: thread orders, float64, and a smaller device than the one at hand.
#include <gtest/gtest.h>

#include "emulation/grid.hpp"
#include "kernels/gpu_case.hpp"
#include "scan/gpu/plan.hpp"

namespace stgmamba::kernels::test {
namespace {

Values run(GpuCase& scan) {
  std::string missing;
  EXPECT_EQ(scan.run(*test_device(missing)), "");
  return scan.results();
}

class EmulationProperties : public testing::Test {
 protected:
  void TearDown() override { emulation::settings() = {}; }
};

TEST_F(EmulationProperties, BitsDoNotDependOnThreadOrder) {
  for (const Scalar io : {Scalar::kFloat32, Scalar::kBFloat16}) {
    GpuShape shape{.frames = 19, .joints = 7, .channels = 96, .states = 16, .io = io, .strided = true, .seed = 3};
    shape.branches = {
        {Axis::kJoints, false, true, true}, {Axis::kFrames, false, false, false}, {Axis::kFrames, true, false, false}};
    GpuCase scan(shape);
    const Values forward = run(scan);
    emulation::settings().order = emulation::ThreadOrder::kReverse;
    EXPECT_EQ(run(scan), forward);
    emulation::settings().order = emulation::ThreadOrder::kRandom;
    for (emulation::settings().seed = 1; emulation::settings().seed < 4; ++emulation::settings().seed) {
      EXPECT_EQ(run(scan), forward);
    }
  }
}

/// d sum(y * d_y) / d operand by central differences against the kernel's gradient, in float64.
TEST_F(EmulationProperties, GradientsMatchFiniteDifferences) {
  GpuShape shape{.frames = 9, .joints = 3, .channels = 5, .states = 3, .io = Scalar::kFloat64, .seed = 5};
  shape.branches = {{Axis::kJoints, true, true, true}, {Axis::kFrames, false, false, true}};
  GpuCase scan(shape);
  const Values gradients = run(scan);
  const auto loss = [&scan] {
    const Values out = run(scan);
    double sum = 0.0;
    for (const char* branch : {"0.", "1."}) {
      const auto &y = out.at(branch + std::string("y")), &g = scan.operands().at(branch + std::string("d_y"));
      for (std::size_t i = 0; i < y.size(); ++i) {
        sum += y[i] * g[i];
      }
    }
    return sum;
  };
  for (const char* name : {"u", "0.delta", "0.b", "0.c", "0.a", "0.skip", "0.bias", "0.first", "1.first", "1.delta"}) {
    const std::string full = name;
    const std::size_t dot = full.find('.') == std::string::npos ? 0 : full.find('.') + 1;
    const std::vector<double>& gradient = gradients.at(full.substr(0, dot) + "d_" + full.substr(dot));
    std::vector<double>& operand = scan.operands()[name];
    for (std::size_t i = 0; i < operand.size(); i += operand.size() / 7 + 1) {
      const double kept = operand[i], step = 1e-6;
      operand[i] = kept + step, scan.apply_operands();
      const double above = loss();
      operand[i] = kept - step, scan.apply_operands();
      const double below = loss();
      operand[i] = kept, scan.apply_operands();
      EXPECT_NEAR((above - below) / (2 * step), gradient[i], 1e-7 * (1.0 + std::abs(gradient[i]))) << name << " " << i;
    }
  }
}

TEST_F(EmulationProperties, PlansFitTheSmallestDevice) {
  emulation::settings().max_shared = 101376;  // sm_86, sm_89 and sm_120; sm_80 and later data-centre parts have more
  for (const std::int64_t states : {16, 32}) {
    GpuShape shape{.frames = 64, .joints = 1, .channels = 512, .states = states};
    shape.branches = {{Axis::kFrames, false, false, false}};
    GpuCase scan(shape);
    run(scan);
  }
  EXPECT_GT(emulation::settings().largest_shared, 48 * 1024);  // the opt-in is taken
}

/// The blocks that a multiprocessor holds follow from these bytes: docs/gpu.md.
TEST_F(EmulationProperties, SharedMemoryStaysInItsBudget) {
  GpuShape shape{.batch = 1, .frames = 50, .joints = 18, .channels = 64, .states = 16};
  shape.branches = {
      {Axis::kJoints, false, false, false}, {Axis::kFrames, false, false, false}, {Axis::kFrames, true, false, false}};
  for (const auto& [states, bytes] : {std::pair<int, int>{8, 33352}, {16, 66504}, {32, 72904}}) {
    shape.states = states;
    GpuCase scan(shape);
    emulation::settings().largest_shared = 0;
    run(scan);
    EXPECT_LE(emulation::settings().largest_shared, bytes) << "N " << states;
  }
}

}  // namespace
}  // namespace stgmamba::kernels::test
