// SPDX-License-Identifier: MIT
// The shapes that a scan kernel must get right, and how near to double precision.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/scan_world.hpp"

namespace stgmamba::kernels::test {

inline const std::vector<std::int64_t> kLengths = {1, 2, 7, 8, 9, 17, 18, 19, 31, 32, 33, 50, 64, 65, 130};
inline const std::vector<std::int64_t> kChannels = {32, 128, 160, 256, 512, 37, 1};
inline const std::vector<std::int64_t> kStates = {1, 4, 8, 16, 32, 7};
inline const std::vector<Scalar> kTypes = {Scalar::kFloat32, Scalar::kFloat64, Scalar::kBFloat16, Scalar::kFloat16};
/// Mean of delta before softplus: at initialisation, around one, and where softplus is taken as its argument.
inline const std::vector<double> kDeltas = {-5.0, 0.0, 21.0};
inline const std::vector<double> kGradients = {1.0, 1e-8};
inline const std::vector<std::vector<BranchShape>> kBranches = {
    {{Axis::kFrames, false, false, true}},
    {{Axis::kFrames, true, false, false}},
    {{Axis::kJoints, false, true, true}},
    {{Axis::kNodes, true, true, true}},
    {{Axis::kJoints}, {Axis::kFrames, false, false, true}, {Axis::kFrames, true}},
    {{Axis::kJoints, true}, {Axis::kJoints, false}, {Axis::kNodes}, {Axis::kNodes, true, false, true}}};

inline std::vector<std::size_t> factor_counts() {
  return {kLengths.size(), kChannels.size(),  kStates.size(),  kTypes.size(),
          kDeltas.size(),  kGradients.size(), kBranches.size()};
}

inline WorldShape world_of(const std::vector<std::size_t>& c) {
  WorldShape shape;
  const std::int64_t length = kLengths[c[0]];
  shape.channels = kChannels[c[1]];
  shape.states = kStates[c[2]];
  shape.io = kTypes[c[3]];
  shape.delta = kDeltas[c[4]];
  // Half precision has no room for gradients of 1e-8 (what loss scaling is for).
  shape.gradient = shape.io == Scalar::kFloat16 ? 1.0 : kGradients[c[5]];
  shape.branches = kBranches[c[6]];
  shape.batch = 1 + static_cast<std::int64_t>(c[0] + c[1]) % 2;
  const bool joints = shape.branches.front().axis == Axis::kJoints;
  shape.frames = joints ? 2 : length;
  shape.joints = joints ? length : 3;
  return shape;
}

struct Bounds {
  double whole, channel;
};
/// Of the largest value, and of a channel's own. Half precision: one rounding of the result, far inside the tolerances
/// of state-spaces/mamba (3e-2 and 3e-3).
inline Bounds bounds_of(Scalar io) {
  switch (io) {
    case Scalar::kFloat32:
      return {2e-6, 2e-5};
    case Scalar::kFloat64:
      return {1e-13, 1e-12};
    case Scalar::kBFloat16:
      return {4.2e-3, 4.5e-3};
    case Scalar::kFloat16:
      return {5.5e-4, 6e-4};
  }
  return {};
}

/// "" or what is wrong.
inline std::string wrong_with(const WorldShape& shape, const CpuRun& run, World& world, const Results& wanted) {
  world.run(run);
  const Errors errors = compare(world.results(), wanted, shape);
  const Bounds bounds = bounds_of(shape.io);
  std::string wrong;
  if (!(errors.whole < bounds.whole)) {
    wrong += errors.whole_name + " is off by " + std::to_string(errors.whole * 1e6) + "e-6 of its largest value; ";
  }
  if (!(errors.channel < bounds.channel)) {
    wrong += errors.channel_name + " is off by " + std::to_string(errors.channel * 1e6) + "e-6 in one channel; ";
  }
  if (!world.padding_is_whole()) {
    wrong += "memory between the rows was written; ";
  }
  return wrong.empty() ? wrong : text(shape) + " " + isa_name(run.isa) + ": " + wrong;
}

}  // namespace stgmamba::kernels::test
