// SPDX-License-Identifier: MIT
#include "stgmamba/skeleton/layout.hpp"

#include "stgmamba/util/error.hpp"
#include "stgmamba/util/text.hpp"

namespace stgmamba::skeleton {

int joint_count(Layout layout) {
  switch (layout) {
    case Layout::kOpenPose18:
      return 18;
    case Layout::kBody25:
      return 25;
    case Layout::kCoco17:
      return 17;
  }
  return 0;
}

std::string_view joint_name(int openpose18_joint) {
  static constexpr std::array<std::string_view, kJoints> kNames = {
      "nose",       "neck",       "right shoulder", "right elbow", "right wrist", "left shoulder",
      "left elbow", "left wrist", "right hip",      "right knee",  "right ankle", "left hip",
      "left knee",  "left ankle", "right eye",      "left eye",    "right ear",   "left ear"};
  return kNames.at(static_cast<std::size_t>(openpose18_joint));
}

Layout layout_from_name(std::string_view name) {
  if (name == "openpose18") {
    return Layout::kOpenPose18;
  }
  if (name == "body25") {
    return Layout::kBody25;
  }
  if (name == "coco17") {
    return Layout::kCoco17;
  }
  const std::string near = util::nearest(name, {"openpose18", "body25", "coco17"});
  throw UsageError("joint layout must be openpose18, body25 or coco17; got '{}'{}", name,
                   near.empty() ? "" : " (did you mean '" + near + "'?)");
}

const std::array<int, kJoints>& mirror_pairs() {
  static constexpr std::array<int, kJoints> kPairs = {0, 1, 5, 6, 7, 2, 3, 4, 11, 12, 13, 8, 9, 10, 15, 14, 17, 16};
  return kPairs;
}

const std::array<std::pair<int, int>, 17>& drawing_limbs() {
  static constexpr std::array<std::pair<int, int>, 17> kLimbs = {{{1, 2},
                                                                  {1, 5},
                                                                  {2, 3},
                                                                  {3, 4},
                                                                  {5, 6},
                                                                  {6, 7},
                                                                  {1, 8},
                                                                  {8, 9},
                                                                  {9, 10},
                                                                  {1, 11},
                                                                  {11, 12},
                                                                  {12, 13},
                                                                  {1, 0},
                                                                  {0, 14},
                                                                  {14, 16},
                                                                  {0, 15},
                                                                  {15, 17}}};
  return kLimbs;
}

const std::array<std::pair<int, int>, 17>& graph_edges() {
  static constexpr std::array<std::pair<int, int>, 17> kEdges = {{{4, 3},
                                                                  {3, 2},
                                                                  {7, 6},
                                                                  {6, 5},
                                                                  {13, 12},
                                                                  {12, 11},
                                                                  {10, 9},
                                                                  {9, 8},
                                                                  {11, 5},
                                                                  {8, 2},
                                                                  {5, 1},
                                                                  {2, 1},
                                                                  {0, 1},
                                                                  {15, 0},
                                                                  {14, 0},
                                                                  {17, 15},
                                                                  {16, 14}}};
  return kEdges;
}

const std::array<int, kJoints>& kinematic_order() {
  static constexpr std::array<int, kJoints> kOrder = {1, 0, 14, 16, 15, 17, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13};
  return kOrder;
}

}  // namespace stgmamba::skeleton
