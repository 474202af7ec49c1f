// SPDX-License-Identifier: MIT
#include "data/motion_beats.hpp"

#include <algorithm>

#include "stgmamba/metrics/beat.hpp"
#include "stgmamba/music/beat.hpp"
#include "stgmamba/util/smooth.hpp"

namespace stgmamba::data {

namespace {

constexpr double kRate = 100.0;  // frames a second: beats stand on its grid
constexpr double kNoise = 0.05;  // s; faster changes of speed are the camera's
constexpr double kAround = 0.5;  // periods; a moment is slow or fast beside so much of its surroundings
/// Of the chain, at this rate. Of the gaps of 592 s of salsa, 60 leaves 15 in 824 beyond a rate of 1.35 and a BC* of
/// 0.40; 30 leaves 69 and 0.46, 100 leaves 1 and 0.35.
constexpr double kTightness = 60.0;

/// How much slower each frame is than its surroundings: 0 as fast or faster, 1 at rest.
std::vector<double> stillness(const skeleton::Motion& motion, double bpm) {
  std::vector<double> speed = metrics::motion_envelope(motion);
  if (speed.size() > 1) {
    speed[0] = speed[1];  // the first frame has none
  }
  speed = util::gaussian_smooth(speed, kNoise * motion.fps);
  const std::vector<double> around = util::gaussian_smooth(speed, kAround * 60.0 / bpm * motion.fps);
  for (std::size_t i = 0; i < speed.size(); ++i) {
    speed[i] = around[i] > 0 ? std::max(0.0, 1.0 - speed[i] / around[i]) : 0.0;
  }
  return speed;
}

}  // namespace

std::vector<double> steady_beats(const skeleton::Motion& motion, double bpm) {
  skeleton::Motion fine = motion;
  skeleton::fill_missing(fine, 1.0);  // a joint that vanishes is no rest
  fine = skeleton::resample(fine, kRate);
  const music::OnsetEnvelope slow = {fine.fps, stillness(fine, bpm)};
  std::vector<double> beats = music::track_beats(slow, bpm, kTightness, /*trim=*/false);
  for (double& beat : beats) {
    beat = std::max(0.0, beat - 0.5 / fine.fps);  // a speed belongs between two frames
  }
  return beats;
}

}  // namespace stgmamba::data
