// SPDX-License-Identifier: MIT
#include "stgmamba/skeleton/beat_warp.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include "stgmamba/util/check.hpp"

namespace stgmamba::skeleton {
namespace {

bool ascends(const std::vector<double>& beats) {
  return std::adjacent_find(beats.begin(), beats.end(), std::greater_equal<>()) == beats.end();
}

}  // namespace

double time_at(const std::vector<double>& beats, double position) {
  const auto last = static_cast<std::ptrdiff_t>(beats.size()) - 2;
  const auto at =
      static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(std::floor(position)), 0, last));
  return beats[at] + (position - static_cast<double>(at)) * (beats[at + 1] - beats[at]);
}

double position_at(const std::vector<double>& beats, double seconds) {
  const auto after = std::upper_bound(beats.begin(), beats.end(), seconds) - beats.begin();
  const auto last = static_cast<std::ptrdiff_t>(beats.size()) - 2;
  const auto at = static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(after - 1, 0, last));
  return static_cast<double>(at) + (seconds - beats[at]) / (beats[at + 1] - beats[at]);
}

Motion warp_to_beats(const Motion& motion, const std::vector<double>& from, const std::vector<double>& to, double fps) {
  STG_CHECK(from.size() >= 2 && from.size() == to.size() && ascends(from) && ascends(to),
            "[warp_to_beats] needs two ascending lists of the same length, at least 2, got {} and {} beats",
            from.size(), to.size());
  STG_CHECK(fps > 0, "[warp_to_beats] fps must be above 0, got {}", fps);
  std::vector<double> places(static_cast<std::size_t>(std::floor((to.back() - to.front()) * fps + 1e-9)));
  for (std::size_t i = 0; i < places.size(); ++i) {
    const double position = position_at(to, to.front() + static_cast<double>(i) / fps);
    places[i] = time_at(from, position) * motion.fps;
  }
  return poses_at(motion, places, fps);
}

}  // namespace stgmamba::skeleton
