// SPDX-License-Identifier: MIT
#include "data/small_dataset.hpp"

#include <cmath>
#include <numbers>

namespace stgmamba::test {

namespace {
constexpr double kTurn = 2.0 * std::numbers::pi;
}

double tone_at(double seconds) {
  return 0.3 * std::sin(kTurn * 50.0 * seconds) + 0.2 * std::sin(kTurn * 0.37 * seconds);
}

double joint_x(int joint, double seconds) {
  return 320.0 + 8.0 * joint + 60.0 * std::sin(kTurn * 0.31 * seconds + 0.1 * joint);
}

double joint_y(int joint, double seconds) {
  return 180.0 - 5.0 * joint + 40.0 * std::cos(kTurn * 0.23 * seconds + 0.2 * joint);
}

data::Take make_take(const std::string& id, const std::string& source, const std::string& style, double seconds,
                     double fps, const std::string& song) {
  data::Take take;
  take.info.id = id;
  take.info.source = source;
  take.info.style = style;
  take.info.song = song;
  take.audio.rate = 16000;
  for (std::int64_t i = 0; i < std::llround(seconds * 16000); ++i) {
    take.audio.samples.push_back(static_cast<float>(tone_at(static_cast<double>(i) / 16000.0)));
  }
  take.motion = skeleton::Motion(std::llround(seconds * fps), fps);
  for (std::int64_t f = 0; f < take.motion.frames(); ++f) {
    for (int joint = 0; joint < skeleton::kJoints; ++joint) {
      const double at = static_cast<double>(f) / fps;
      take.motion.x(f, joint) = static_cast<float>(joint_x(joint, at));
      take.motion.y(f, joint) = static_cast<float>(joint_y(joint, at));
      take.motion.score[static_cast<std::size_t>(f * skeleton::kJoints + joint)] = 1.0F;
    }
  }
  for (double beat = 0.0; beat < seconds; beat += 0.5) {
    take.info.beats.push_back(beat);
  }
  return take;
}

data::Dataset write_small(const std::filesystem::path& folder) {
  data::DatasetWriter writer(folder, {"small", "MIT", "made by a test", "test"});
  writer.add(make_take("a0", "va", "kpop", 12.0));
  writer.add(make_take("a1", "va1", "ballet", 8.0, 10.0));
  writer.add(make_take("b0", "vb", "popping", 20.0, 25.0));
  writer.add(make_take("t0", "vt", "kpop", 11.0));
  writer.set_split("train", {"a0", "a1", "b0"});
  writer.set_split("test", {"t0"});
  writer.finish();
  return data::Dataset::open(folder);
}

}  // namespace stgmamba::test
