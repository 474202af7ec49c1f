// SPDX-License-Identifier: MIT
// What must hold between runs of the GPU scan, on the device that the program is linked for.
#include <algorithm>

#include <gtest/gtest.h>

#include "kernels/gpu_case.hpp"
#include "scan/gpu/plan.hpp"
#include "scan/gpu/scan.hpp"

namespace stgmamba::kernels::test {
namespace {

GpuShape block_shape() {
  GpuShape shape{.batch = 2, .frames = 19, .joints = 4, .channels = 96, .states = 16, .strided = true, .seed = 3};
  shape.branches = {
      {Axis::kJoints, false, true, true}, {Axis::kFrames, false, false, false}, {Axis::kFrames, true, false, false}};
  return shape;
}

class GpuProperties : public testing::Test {
 protected:
  void SetUp() override {
    std::string missing;
    device_ = test_device(missing);
    if (device_ == nullptr) {
      GTEST_SKIP() << missing;
    }
  }
  Values run(GpuCase& scan) {
    EXPECT_EQ(scan.run(*device_), "");
    return scan.results();
  }
  std::unique_ptr<Device> device_;
};

TEST_F(GpuProperties, BitsDoNotDependOnTheRun) {
  for (const Scalar io : {Scalar::kFloat32, Scalar::kBFloat16, Scalar::kFloat16}) {
    GpuShape shape = block_shape();
    shape.io = io;
    GpuCase scan(shape);
    const Values first = run(scan);
    EXPECT_EQ(run(scan), first);
  }
}

/// The same tensors with time running the other way: frame f becomes frame F - 1 - f.
std::vector<double> flipped(const std::vector<double>& x, const GpuShape& s) {
  const auto row = static_cast<std::int64_t>(x.size()) / (s.batch * s.frames);
  std::vector<double> out(x.size());
  for (std::int64_t i = 0; i < s.batch * s.frames; ++i) {
    const std::int64_t other = i / s.frames * s.frames + s.frames - 1 - i % s.frames;
    std::copy_n(x.begin() + other * row, row, out.begin() + i * row);
  }
  return out;
}

TEST_F(GpuProperties, BackwardInTimeIsFlipForwardFlip) {
  GpuShape shape = block_shape();
  shape.branches = {{Axis::kFrames, true, false, true}};
  GpuCase backward(shape);
  shape.branches[0].reverse = false;
  GpuCase forward(shape);
  for (const char* name : {"u", "0.delta", "0.b", "0.c", "0.d_y"}) {
    forward.operands()[name] = flipped(backward.operands()[name], shape);
  }
  forward.apply_operands();
  const Values a = run(backward), b = run(forward);
  for (const char* name : {"d_u", "0.y", "0.d_delta", "0.d_b", "0.d_c"}) {
    EXPECT_EQ(a.at(name), flipped(b.at(name), shape)) << name;
  }
  for (const char* name : {"0.last", "0.d_first", "0.d_a", "0.d_skip", "0.d_bias"}) {
    EXPECT_EQ(a.at(name), b.at(name)) << name;
  }
}

/// Frames [from, from + count) of a [1, F, ...] tensor.
std::vector<double> frames_of(const std::vector<double>& x, std::int64_t frames, std::int64_t from,
                              std::int64_t count) {
  const auto row = static_cast<std::int64_t>(x.size()) / frames;
  return {x.begin() + from * row, x.begin() + (from + count) * row};
}

TEST_F(GpuProperties, TwoHalvesWithTheLastStateEqualTheWhole) {
  GpuShape shape{.frames = 70,
                 .joints = 2,
                 .channels = 40,
                 .states = 5,
                 .seed = 4,
                 .branches = {{Axis::kFrames, false, false, true}}};
  GpuCase whole(shape);
  constexpr std::int64_t kCut = 33;
  GpuShape part = shape;
  part.frames = kCut;
  GpuCase first(part);
  part.frames = shape.frames - kCut;
  GpuCase second(part);
  for (const char* name : {"u", "0.delta", "0.b", "0.c", "0.d_y"}) {
    first.operands()[name] = frames_of(whole.operands()[name], shape.frames, 0, kCut);
    second.operands()[name] = frames_of(whole.operands()[name], shape.frames, kCut, shape.frames - kCut);
  }
  for (const char* name : {"0.a", "0.skip", "0.bias"}) {
    first.operands()[name] = second.operands()[name] = whole.operands()[name];
  }
  first.operands()["0.first"] = whole.operands()["0.first"];
  first.apply_operands();
  const Values all = run(whole), head = run(first);
  second.operands()["0.first"] = head.at("0.last");
  second.apply_operands();
  const Values tail = run(second);
  EXPECT_EQ(head.at("0.y"), frames_of(all.at("0.y"), shape.frames, 0, kCut));
  EXPECT_EQ(tail.at("0.y"), frames_of(all.at("0.y"), shape.frames, kCut, shape.frames - kCut));
  EXPECT_EQ(tail.at("0.last"), all.at("0.last"));
  EXPECT_EQ(tail.at("0.d_delta"), frames_of(all.at("0.d_delta"), shape.frames, kCut, shape.frames - kCut));
}

TEST_F(GpuProperties, TinyGradientsFlushAndKeepTheirAccuracy) {
  GpuShape shape = block_shape();
  shape.gradient = 1e-8;
  GpuCase scan(shape);
  run(scan);
  EXPECT_EQ(check(scan), "");
  shape.gradient = 1e-41;  // denormal: zero on the device
  GpuCase nothing(shape);
  const Values results = run(nothing);
  for (const double x : results.at("d_u")) {
    ASSERT_EQ(x, 0.0);
  }
}

TEST_F(GpuProperties, FourBranchesAndManySequences) {
  // 150 sequences along the joints: more than there are partial sums, so blocks own several.
  GpuShape shape{.frames = 150, .joints = 2, .channels = 33, .states = 7, .seed = 6};
  shape.branches = {{Axis::kJoints, false, false, true},
                    {Axis::kFrames, true, false, true},
                    {Axis::kNodes, true, true, false},
                    {Axis::kJoints, true, true, false}};
  ASSERT_GT(shape.frames, kPartials);
  GpuCase scan(shape);
  run(scan);
  EXPECT_EQ(check(scan), "");
}

TEST_F(GpuProperties, LongSequencesPileUpNoRounding) {
  for (const std::int64_t length : {1000, 6000}) {
    for (const std::int64_t states : {1, 4, 16}) {
      GpuShape shape{.frames = length, .channels = 32, .states = states, .seed = 7};
      shape.branches = {{Axis::kFrames, states == 4, false, true}};
      GpuCase scan(shape);
      run(scan);
      EXPECT_EQ(check(scan), "");
    }
  }
}

TEST_F(GpuProperties, RefusesWhatItCannotDo) {
  GpuShape shape{.frames = 3, .joints = 2, .channels = 8, .states = 33, .branches = {{}}};
  GpuCase wide(shape);
  EXPECT_NE(wide.run(*device_).find("32 states"), std::string::npos);
  ForwardPlan plan;
  ScanForward forward;
  EXPECT_STREQ(plan_forward(forward, plan), "the scan needs 1 to 4 branches");
  forward = {.channels = 8, .states = 4, .branches = 1};
  forward.branch[0].path = {.sequences = 2, .length = 3, .outer_stride = 4};  // a token no sequence visits
  EXPECT_NE(std::string(plan_forward(forward, plan)).find("visit each"), std::string::npos);
}

}  // namespace
}  // namespace stgmamba::kernels::test
