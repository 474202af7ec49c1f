// SPDX-License-Identifier: MIT
#include <cmath>

#include "stgmamba/io/npz.hpp"
#include "stgmamba/skeleton/formats.hpp"
#include "stgmamba/util/error.hpp"

namespace stgmamba::skeleton {

Motion read_motion_npz(const std::filesystem::path& path) {
  const auto arrays = io::read_npz(path);
  const auto get = [&](const char* name) -> const io::Array& {
    const auto found = arrays.find(name);
    if (found == arrays.end()) {
      throw DataError("{}: must hold an array '{}'", path.string(), name);
    }
    return found->second;
  };
  const io::Array& xy = get("xy");
  const io::Array& score = get("score");
  const std::vector<float> fps = io::to_float(get("fps"));
  const std::int64_t frames = xy.shape.empty() ? 0 : xy.shape[0];
  if (xy.shape != std::vector<std::int64_t>{frames, kJoints, 2} ||
      score.shape != std::vector<std::int64_t>{frames, kJoints} || fps.size() != 1 || !(fps[0] > 0)) {
    throw DataError("{}: must hold xy [F, 18, 2], score [F, 18] and one fps above 0", path.string());
  }
  Motion motion;
  motion.fps = get("fps").dtype == io::DType::kF64 ? get("fps").as<double>()[0] : fps[0];
  motion.xy = io::to_float(xy);
  motion.score = io::to_float(score);
  for (std::size_t i = 0; i < motion.score.size(); ++i) {
    if (!std::isfinite(motion.xy[2 * i]) || !std::isfinite(motion.xy[2 * i + 1])) {
      motion.xy[2 * i] = motion.xy[2 * i + 1] = std::nanf("");
      motion.score[i] = 0.0F;
    }
  }
  return motion;
}

void write_motion_npz(const std::filesystem::path& path, const Motion& motion) {
  const std::vector<double> fps = {motion.fps};
  io::write_npz(path, {{"xy", io::Array::from<float>(motion.xy, {motion.frames(), kJoints, 2})},
                       {"score", io::Array::from<float>(motion.score, {motion.frames(), kJoints})},
                       {"fps", io::Array::from<double>(fps, {})}});
}

}  // namespace stgmamba::skeleton
