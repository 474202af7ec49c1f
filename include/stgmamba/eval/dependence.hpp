// SPDX-License-Identifier: MIT
// Figure 9: which nodes (frame, joint) an example node's output depends on in one STGM block.
//
//   block   || d out[f, v, :] / d in[f', v', :] ||_F     out, in: the block's output and input, [F, V, d]
//   scan    || C_f prod(exp(delta A)) delta_f' B_f' ||_2  over the D channels, summed over the branches: what the scans
//           alone carry from U at (f', v') to their output at (f, v), their selection held
//
// The example node's own value is not ranked: with the residual it is the largest everywhere.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stgmamba/eval/figure.hpp"
#include "stgmamba/infer/motion_model.hpp"

namespace stgmamba::eval {

enum class Response { kBlock, kScan };
Response response_from_name(const std::string& name);  // "block" or "scan"; throws UsageError

struct DependenceOptions {
  std::int64_t block = -1;  // from 0; < 0: from the last, as Python counts
  std::int64_t frame = 25;  // of the example node
  int joint = skeleton::kRightWrist;
  Response response = Response::kBlock;
  std::uint64_t seed = 1;   // of z,
  std::int64_t number = 0;  // and what else z depends on: the place of the music in its test bed
};

struct Node {
  std::int64_t frame = 0;
  int joint = 0;
  double response = 0.0;
};

/// Responses [F, V] of one example node while the model dances to `samples` (5 s).
struct Dependence {
  std::int64_t frames = 0, frame = 0, block = 0;
  int joint = 0;
  std::vector<double> responses;  // [F, V]

  double at(std::int64_t f, int v) const { return responses[static_cast<std::size_t>(f * skeleton::kJoints + v)]; }
  /// The strongest other joints of the example's own frame, strongest first.
  std::vector<Node> spatial(std::size_t count) const;
  /// The strongest nodes of the other frames.
  std::vector<Node> temporal(std::size_t count) const;
};

/// Throws UsageError when the model has no STGM blocks, or no such block, frame or joint.
Dependence node_dependence(const infer::MotionModel& model, const std::vector<float>& samples,
                           const DependenceOptions& options);

inline constexpr std::size_t kSpatialNodes = 10, kTemporalNodes = 20;

/// One row an example: its frame with circles on its kSpatialNodes strongest joints, and the frames around it with
/// circles on its kTemporalNodes strongest nodes. `motion` is the dance itself. A circle's area is proportional to
/// the response, the strongest of its kind the largest.
Figure draw_dependences(const Stretch& stretch, const skeleton::Motion& motion, const std::vector<Dependence>& examples,
                        Response response);

}  // namespace stgmamba::eval
