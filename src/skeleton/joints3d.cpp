// SPDX-License-Identifier: MIT
#include <cmath>
#include <limits>

#include "stgmamba/skeleton/formats.hpp"
#include "stgmamba/util/error.hpp"

#include "place_pose.hpp"

namespace stgmamba::skeleton {
namespace {

constexpr double kFar = 1e4;  // metres; beyond it the file is in another unit or broken

void require_text(const std::string& path, const io::Json& document, const char* key, const char* wanted) {
  const auto found = document.find(key);
  if (found == document.end() || !found->is_string() || found->get<std::string>() != wanted) {
    throw DataError("{}: '{}' must be \"{}\", got {:.40}", path, key, wanted,
                    found == document.end() ? "nothing" : found->dump());
  }
}

/// One joint, [x, y, z] in metres; null = missing.
void read_joint(const std::string& path, std::size_t frame, std::size_t joint, const io::Json& value, float* to) {
  if (value.is_null()) {
    to[0] = to[1] = to[2] = std::numeric_limits<float>::quiet_NaN();
    return;
  }
  bool good = value.is_array() && value.size() == 3;
  for (std::size_t axis = 0; good && axis < 3; ++axis) {
    good = value[axis].is_number() && std::abs(value[axis].get<double>()) < kFar;
    to[axis] = good ? value[axis].get<float>() : 0.0F;
  }
  if (!good) {
    throw DataError("{}: positions[{}][{}] must be three numbers in metres or null, got {:.60}", path, frame, joint,
                    value.dump());
  }
}

}  // namespace

Joints3dFile read_joints3d(const std::filesystem::path& path) {
  const std::string name = path.string();
  const io::Json document = load_json(path);
  if (!document.is_object() || !document.contains("positions") || !document["positions"].is_array()) {
    throw DataError("{}: must be an object with 'fps', 'unit', 'up', 'joints' and a list 'positions'", name);
  }
  require_text(name, document, "unit", "m");
  require_text(name, document, "up", "y");
  require_text(name, document, "joints", "openpose18");
  const io::Json fps = document.value("fps", io::Json());
  if (!fps.is_number() || !(fps.get<double>() > 0) || !(fps.get<double>() <= 1000)) {
    throw DataError("{}: 'fps' must be a number above 0 and at most 1000, got {:.40}", name, fps.dump());
  }
  const io::Json& positions = document["positions"];
  if (positions.empty()) {
    throw DataError("{}: 'positions' must hold at least one frame, got none", name);
  }
  Joints3dFile file;
  file.motion.fps = fps.get<double>();
  file.motion.xyz.resize(positions.size() * kJoints * 3);
  for (std::size_t frame = 0; frame < positions.size(); ++frame) {
    if (!positions[frame].is_array() || positions[frame].size() != kJoints) {
      throw DataError("{}: positions[{}] must be a list of 18 joints, got {}", name, frame,
                      positions[frame].is_array() ? fmt::format("{} joints", positions[frame].size())
                                                  : std::string(positions[frame].type_name()));
    }
    for (std::size_t joint = 0; joint < kJoints; ++joint) {
      read_joint(name, frame, joint, positions[frame][joint], &file.motion.xyz[(frame * kJoints + joint) * 3]);
    }
  }
  const auto source = document.find("source");
  file.source = source != document.end() && source->is_string() ? source->get<std::string>() : "";
  return file;
}

}  // namespace stgmamba::skeleton
