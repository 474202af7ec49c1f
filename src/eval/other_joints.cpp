// SPDX-License-Identifier: MIT
#include <array>
#include <cmath>
#include <limits>

#include "stgmamba/data/batch.hpp"
#include "stgmamba/eval/generated_rows.hpp"
#include "stgmamba/infer/skeleton_video.hpp"
#include "stgmamba/io/json_lines.hpp"
#include "stgmamba/io/npz.hpp"
#include "stgmamba/skeleton/project.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/text.hpp"

namespace stgmamba::eval {

namespace fs = std::filesystem;

namespace {

using skeleton::kJoints;

constexpr int kNone = -1;
constexpr double kFar = 1e6;  // beyond it a file is broken

/// Where an OpenPose-18 joint comes from: one joint, the middle of two, or nothing.
struct Source {
  int a = kNone, b = kNone;
};

struct LayoutMap {
  const char* name;
  std::size_t joints;
  std::array<Source, kJoints> from;
};

// nose neck | right shoulder elbow wrist | left | right hip knee ankle | left | right eye, left eye, right ear, left
// ear
constexpr LayoutMap kMaps[] = {
    {"openpose18",
     18,
     {{{0}, {1}, {2}, {3}, {4}, {5}, {6}, {7}, {8}, {9}, {10}, {11}, {12}, {13}, {14}, {15}, {16}, {17}}}},
    {"body25",
     25,
     {{{0}, {1}, {2}, {3}, {4}, {5}, {6}, {7}, {9}, {10}, {11}, {12}, {13}, {14}, {15}, {16}, {17}, {18}}}},
    {"coco17",
     17,
     {{{0}, {5, 6}, {6}, {8}, {10}, {5}, {7}, {9}, {12}, {14}, {16}, {11}, {13}, {15}, {2}, {1}, {4}, {3}}}},
    // SMPL has no face: its head joint stands for the nose. Its neck lies under OpenPose's, between the shoulders.
    {"smpl24",
     24,
     {{{15}, {16, 17}, {17}, {19}, {21}, {16}, {18}, {20}, {2}, {5}, {8}, {1}, {4}, {7}, {}, {}, {}, {}}}},
    {"d2m14", 14, {{{0}, {1}, {2}, {3}, {4}, {5}, {6}, {7}, {8}, {9}, {10}, {11}, {12}, {13}, {}, {}, {}, {}}}},
};

/// Positions of any layout as a file holds them; NaN = missing.
struct Positions {
  double fps = 0.0;
  std::size_t frames = 0, joints = 0, axes = 0;
  std::vector<float> values;  // [F, J, axes]
};

Positions read_npz_positions(const fs::path& path) {
  const auto arrays = io::read_npz(path);
  auto found = arrays.find("positions");
  found = found == arrays.end() ? arrays.find("xy") : found;
  const auto fps = arrays.find("fps");
  if (found == arrays.end() || fps == arrays.end() || found->second.shape.size() != 3 || fps->second.numel() != 1) {
    throw DataError("{}: must hold 'positions' (or 'xy') [frames, joints, 2 or 3] and 'fps'", path.string());
  }
  const auto& shape = found->second.shape;
  return {static_cast<double>(io::to_float(fps->second)[0]), static_cast<std::size_t>(shape[0]),
          static_cast<std::size_t>(shape[1]), static_cast<std::size_t>(shape[2]), io::to_float(found->second)};
}

void add_json_joint(const fs::path& path, std::size_t frame, const io::Json& joint, Positions& positions) {
  if (joint.is_null()) {
    positions.values.insert(positions.values.end(), positions.axes, std::numeric_limits<float>::quiet_NaN());
    return;
  }
  bool good = joint.is_array() && joint.size() == positions.axes;
  for (std::size_t axis = 0; good && axis < positions.axes; ++axis) {
    good = joint[axis].is_number();
    positions.values.push_back(good ? joint[axis].get<float>() : 0.0F);
  }
  if (!good) {
    throw DataError("{}: frame {}: a joint must be {} numbers or null, got {:.40}", path.string(), frame,
                    positions.axes, joint.dump());
  }
}

Positions read_json_positions(const fs::path& path) {
  const io::Json document = io::read_json(path);
  const auto list = document.is_object() ? document.find("positions") : document.end();
  if (!document.is_object() || list == document.end() || !list->is_array() || list->empty() ||
      !document.contains("fps") || !document["fps"].is_number()) {
    throw DataError("{}: must be {{\"fps\", \"positions\": [frames][joints][2 or 3]}}", path.string());
  }
  Positions positions;
  positions.fps = document["fps"].get<double>();
  positions.frames = list->size();
  positions.joints = (*list)[0].is_array() ? (*list)[0].size() : 0;
  for (const io::Json& joint : (*list)[0]) {
    positions.axes = joint.is_array() ? joint.size() : positions.axes;
  }
  for (std::size_t frame = 0; frame < positions.frames; ++frame) {
    const io::Json& pose = (*list)[frame];
    if (!pose.is_array() || pose.size() != positions.joints) {
      throw DataError("{}: frame {} must hold {} joints like the first, got {:.40}", path.string(), frame,
                      positions.joints, pose.dump());
    }
    for (const io::Json& joint : pose) {
      add_json_joint(path, frame, joint, positions);
    }
  }
  return positions;
}

void check(const fs::path& path, const Positions& positions, const LayoutMap& map) {
  if (positions.joints != map.joints || (positions.axes != 2 && positions.axes != 3)) {
    throw DataError("{}: {} has {} joints of 2 or 3 numbers, got {} of {}", path.string(), map.name, map.joints,
                    positions.joints, positions.axes);
  }
  if (!(positions.fps >= 1.0 && positions.fps <= 1000.0) || positions.frames == 0) {
    throw DataError("{}: needs frames at 1 to 1000 a second, got {} at {:g}", path.string(), positions.frames,
                    positions.fps);
  }
  for (const float value : positions.values) {
    if (!std::isnan(value) && !(std::abs(value) < kFar)) {
      throw DataError("{}: positions must be pixels or metres, got {:g}", path.string(), value);
    }
  }
}

/// The three or two numbers of every OpenPose-18 joint: [F, V, axes].
std::vector<float> mapped(const Positions& positions, const LayoutMap& map) {
  std::vector<float> out;
  for (std::size_t frame = 0; frame < positions.frames; ++frame) {
    for (const Source& source : map.from) {
      for (std::size_t axis = 0; axis < positions.axes; ++axis) {
        const auto at = [&](int joint) {
          const std::size_t row = frame * positions.joints + static_cast<std::size_t>(joint);
          return positions.values[row * positions.axes + axis];
        };
        out.push_back(source.a == kNone   ? std::numeric_limits<float>::quiet_NaN()
                      : source.b == kNone ? at(source.a)
                                          : (at(source.a) + at(source.b)) / 2.0F);
      }
    }
  }
  return out;
}

skeleton::Motion to_motion(const Positions& positions, const LayoutMap& map) {
  if (positions.axes == 3) {
    return skeleton::project({positions.fps, mapped(positions, map)});
  }
  skeleton::Motion motion(static_cast<std::int64_t>(positions.frames), positions.fps);
  motion.xy = mapped(positions, map);
  for (std::size_t i = 0; i < motion.score.size(); ++i) {
    motion.score[i] = std::isfinite(motion.xy[2 * i]) && std::isfinite(motion.xy[2 * i + 1]) ? 1.0F : 0.0F;
  }
  return motion;
}

double lacking_share(const LayoutMap& map) {
  double lacking = 0.0;
  for (const Source& source : map.from) {
    lacking += source.a == kNone ? 1.0 / kJoints : 0.0;
  }
  return lacking;
}

}  // namespace

Joints joints_from_name(const std::string& name) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::size(kMaps); ++i) {
    if (name == kMaps[i].name) {
      return static_cast<Joints>(i);
    }
    names.emplace_back(kMaps[i].name);
  }
  const std::string near = util::nearest(name, names);
  throw UsageError("--joints must be {}, got '{}'{}", util::join(names, ", "), name,
                   near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near));
}

skeleton::Motion read_joints(const fs::path& path, Joints joints) {
  const LayoutMap& map = kMaps[static_cast<std::size_t>(joints)];
  skeleton::Motion motion;
  if (joints == Joints::kOpenPose18) {
    motion = infer::read_motion(path, data::kFps);
  } else {
    const Positions positions = path.extension() == ".npz" ? read_npz_positions(path) : read_json_positions(path);
    check(path, positions, map);
    motion = to_motion(positions, map);
  }
  motion = skeleton::resample(motion, data::kFps);
  try {
    skeleton::fill_missing(motion, 0.2 + lacking_share(map));
  } catch (const DataError& error) {
    throw DataError("{}: {}", path.string(), error.what());
  }
  return motion;
}

}  // namespace stgmamba::eval
