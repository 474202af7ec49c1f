// SPDX-License-Identifier: MIT
#include "stgmamba/metrics/beat_match.hpp"

#include <cmath>
#include <limits>

#include "stgmamba/util/check.hpp"

namespace stgmamba::metrics {

namespace {

double ratio(double part, double whole) {
  return whole > 0 ? part / whole : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

int matched_beats(const std::vector<double>& kinematic, const std::vector<double>& music, double tolerance) {
  STG_CHECK(tolerance >= 0, "[matched_beats] tolerance must be at least 0, got {}", tolerance);
  std::vector<bool> taken(music.size(), false);
  int matched = 0;
  for (const double beat : kinematic) {
    std::size_t nearest = music.size();
    for (std::size_t i = 0; i < music.size(); ++i) {
      if (!taken[i] && (nearest == music.size() || std::abs(music[i] - beat) < std::abs(music[nearest] - beat))) {
        nearest = i;
      }
    }
    // A beat exactly one tolerance away counts, whatever the last bit of the difference is.
    if (nearest < music.size() && std::abs(music[nearest] - beat) <= tolerance + 1e-9) {
      taken[nearest] = true;
      ++matched;
    }
  }
  return matched;
}

double BeatMatch::coverage() const {
  return ratio(kinematic, music);
}
double BeatMatch::hit_rate() const {
  return ratio(matched, kinematic);
}
double BeatMatch::recall() const {
  return ratio(matched, music);
}
double BeatMatch::hit_star() const {
  return beyond_chance(hit_rate(), ratio(matched_chance, kinematic));
}
double BeatMatch::recall_star() const {
  return beyond_chance(recall(), ratio(matched_chance, music_chance));
}

void BeatMatch::add(const BeatMatch& other, double weight) {
  music += weight * other.music;
  kinematic += weight * other.kinematic;
  matched += weight * other.matched;
  music_chance += weight * other.music_chance;
  matched_chance += weight * other.matched_chance;
  clips += weight * other.clips;
  skipped += weight * other.skipped;
}

BeatMatch match_beats(const skeleton::Motion& motion, const std::vector<double>& music_beats, double tolerance,
                      const BeatOptions& options) {
  const double border = border_seconds(options, motion.fps);
  const std::vector<double> inside = inside_border(music_beats, motion.seconds(), border);
  BeatMatch match;
  if (inside.empty() || music_beats.size() < 2) {
    match.skipped = 1;
    return match;
  }
  const std::vector<double> kinematic = kinematic_beats(motion, options);
  match.clips = 1;
  match.music = static_cast<double>(inside.size());
  match.kinematic = static_cast<double>(kinematic.size());
  match.matched = matched_beats(kinematic, inside, tolerance);
  for (const std::vector<double>& shifted : phase_shifts(music_beats)) {
    const std::vector<double> moved = inside_border(shifted, motion.seconds(), border);
    match.music_chance += static_cast<double>(moved.size()) / kPhaseShifts;
    match.matched_chance += static_cast<double>(matched_beats(kinematic, moved, tolerance)) / kPhaseShifts;
  }
  return match;
}

}  // namespace stgmamba::metrics
