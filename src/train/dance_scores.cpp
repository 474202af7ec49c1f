// SPDX-License-Identifier: MIT
#include "dance_scores.hpp"

#include <cmath>

#include "stgmamba/metrics/beat.hpp"
#include "stgmamba/metrics/motion.hpp"

namespace stgmamba::train {

namespace {

/// The next window, cyclically, that was danced to another song; -1 when there is none.
std::int64_t other_song(const std::vector<DanceScores::Window>& windows, std::size_t from) {
  for (std::size_t step = 1; step < windows.size(); ++step) {
    const std::size_t at = (from + step) % windows.size();
    if (windows[at].song != windows[from].song && windows[at].beats.size() >= 2) {
      return static_cast<std::int64_t>(at);
    }
  }
  return -1;
}

void put(Scalars& scalars, const std::string& name, double value) {
  if (std::isfinite(value)) {  // a corpus without beats has no beat scores
    scalars[name] = value;
  }
}

}  // namespace

Scalars DanceScores::summary(const std::string& prefix) const {
  std::vector<skeleton::Motion> generated, real;
  for (const Window& window : windows_) {
    generated.push_back(window.generated);
    real.push_back(window.real);
  }
  Scalars scalars;
  scalars[prefix + "speed_ratio"] = metrics::speed_ratio(generated, real);
  scalars[prefix + "jerk_ratio"] = metrics::jerk_ratio(generated, real);

  metrics::BeatOptions options;
  options.prominence = metrics::default_prominence(real);
  metrics::BeatScore own, truth, swapped;
  for (std::size_t i = 0; i < windows_.size(); ++i) {
    const Window& window = windows_[i];
    if (window.beats.size() < 2) {
      continue;
    }
    own += metrics::beat_consistency(window.generated, window.beats, options);
    truth += metrics::beat_consistency(window.real, window.beats, options);
    if (const std::int64_t other = other_song(windows_, i); other >= 0) {
      swapped += metrics::beat_consistency(window.generated, windows_[static_cast<std::size_t>(other)].beats, options);
    }
  }
  put(scalars, prefix + "bc", own.bc());
  put(scalars, prefix + "bc_star", own.bc_star());
  put(scalars, prefix + "bc_star_real", truth.bc_star());
  put(scalars, prefix + "bc_star_swapped", swapped.bc_star());
  return scalars;
}

}  // namespace stgmamba::train
