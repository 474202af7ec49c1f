// SPDX-License-Identifier: MIT
#include "stgmamba/metrics/beat.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "stgmamba/util/check.hpp"

#include "order_statistics.hpp"

namespace stgmamba::metrics {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// How far the envelope climbs from `at`, walking in one direction, before it falls under the minimum again. Entry 0 is
/// no measurement and never counts.
double rise(const std::vector<double>& envelope, std::ptrdiff_t at, std::ptrdiff_t direction) {
  const double floor = envelope[static_cast<std::size_t>(at)];
  double top = floor;
  for (std::ptrdiff_t i = at + direction; i >= 1 && i < std::ssize(envelope); i += direction) {
    const double value = envelope[static_cast<std::size_t>(i)];
    if (value < floor) {
      break;
    }
    top = std::max(top, value);
  }
  return top - floor;
}

bool strict_minimum(const std::vector<double>& envelope, std::ptrdiff_t at, int order) {
  // Borders are clamped: a sample that would be compared with itself is no minimum.
  if (at - order < 0 || at + order >= std::ssize(envelope)) {
    return false;
  }
  const double here = envelope[static_cast<std::size_t>(at)];
  for (std::ptrdiff_t k = 1; k <= order; ++k) {
    if (here >= envelope[static_cast<std::size_t>(at - k)] || here >= envelope[static_cast<std::size_t>(at + k)]) {
      return false;
    }
  }
  return true;
}

int order_of(const BeatOptions& options, double fps) {
  return options.order > 0 ? options.order : beat_order(fps);
}

}  // namespace

double beyond_chance(double score, double chance) {
  return chance >= 1.0 ? 0.0 : (score - chance) / (1.0 - chance);  // NaN stays NaN
}

int beat_order(double fps) {
  return std::max(1, static_cast<int>(std::lround(fps / 6.0)));
}

std::vector<double> motion_envelope(const skeleton::Motion& motion) {
  std::vector<double> envelope(static_cast<std::size_t>(motion.frames()), 0.0);
  for (std::int64_t frame = 1; frame < motion.frames(); ++frame) {
    double sum = 0.0;
    for (int joint = 0; joint < skeleton::kJoints; ++joint) {
      const double length = std::hypot(static_cast<double>(motion.x(frame, joint)) - motion.x(frame - 1, joint),
                                       static_cast<double>(motion.y(frame, joint)) - motion.y(frame - 1, joint));
      sum += std::isfinite(length) ? length : 0.0;
    }
    envelope[static_cast<std::size_t>(frame)] = sum / skeleton::kUnit;
  }
  return envelope;
}

double default_prominence(const std::vector<skeleton::Motion>& real) {
  std::vector<double> all;
  for (const skeleton::Motion& motion : real) {
    const std::vector<double> envelope = motion_envelope(motion);
    if (!envelope.empty()) {
      all.insert(all.end(), envelope.begin() + 1, envelope.end());
    }
  }
  return all.empty() ? 0.0 : 0.1 * median(std::move(all));
}

std::vector<double> envelope_beats(const std::vector<double>& envelope, double fps, const BeatOptions& options) {
  STG_CHECK(fps > 0, "[envelope_beats] fps must be above 0, got {}", fps);
  const int order = order_of(options, fps);
  std::vector<double> beats;
  for (std::ptrdiff_t i = 0; i < std::ssize(envelope); ++i) {
    if (strict_minimum(envelope, i, order) &&
        (options.prominence <= 0 ||
         (rise(envelope, i, -1) >= options.prominence && rise(envelope, i, 1) >= options.prominence))) {
      beats.push_back((static_cast<double>(i) - 0.5) / fps);
    }
  }
  return beats;
}

std::vector<double> kinematic_beats(const skeleton::Motion& motion, const BeatOptions& options) {
  return envelope_beats(motion_envelope(motion), motion.fps, options);
}

double consistency(const std::vector<double>& from, const std::vector<double>& to, double sigma) {
  STG_CHECK(sigma > 0, "[consistency] sigma must be above 0, got {}", sigma);
  if (from.empty()) {
    return kNan;
  }
  double sum = 0.0;
  for (const double x : from) {
    double nearest = std::numeric_limits<double>::infinity();
    for (const double y : to) {
      nearest = std::min(nearest, std::abs(x - y));
    }
    sum += std::exp(-nearest * nearest / (2.0 * sigma * sigma));
  }
  return sum / static_cast<double>(from.size());
}

double border_seconds(const BeatOptions& options, double fps) {
  return options.border_rule ? order_of(options, fps) / fps : -1e9;
}

std::vector<double> inside_border(const std::vector<double>& beats, double seconds, double border) {
  std::vector<double> inside;
  std::copy_if(beats.begin(), beats.end(), std::back_inserter(inside),
               [&](double beat) { return beat >= border && beat <= seconds - border; });
  return inside;
}

std::vector<double> phase_shifted(const std::vector<double>& beats, double share) {
  STG_CHECK(beats.size() >= 2, "[phase_shifted] needs at least two beats, got {}", beats.size());
  std::vector<double> moved = {beats[0] - (1.0 - share) * (beats[1] - beats[0])};
  for (std::size_t i = 0; i < beats.size(); ++i) {
    const double period = i + 1 < beats.size() ? beats[i + 1] - beats[i] : beats[i] - beats[i - 1];
    moved.push_back(beats[i] + share * period);
  }
  return moved;
}

std::vector<std::vector<double>> phase_shifts(const std::vector<double>& beats) {
  std::vector<std::vector<double>> all;
  for (int k = 0; k < kPhaseShifts; ++k) {
    all.push_back(phase_shifted(beats, (k + 0.5) / kPhaseShifts));
  }
  return all;
}

double BeatScore::bc() const {
  return clips > 0 ? bc_sum / clips : kNan;
}
double BeatScore::bc_chance() const {
  return clips > 0 ? bc_chance_sum / clips : kNan;
}
double BeatScore::bc_star() const {
  return beyond_chance(bc(), bc_chance());
}
double BeatScore::bc_k() const {
  return clips > 0 ? bc_k_sum / clips : kNan;
}
double BeatScore::bc_k_star() const {
  return clips > 0 ? beyond_chance(bc_k(), bc_k_chance_sum / clips) : kNan;
}

void BeatScore::add(const BeatScore& other, double weight) {
  bc_sum += weight * other.bc_sum;
  bc_chance_sum += weight * other.bc_chance_sum;
  bc_k_sum += weight * other.bc_k_sum;
  bc_k_chance_sum += weight * other.bc_k_chance_sum;
  clips += weight * other.clips;
  skipped += weight * other.skipped;
  music_beats += weight * other.music_beats;
  kinematic_beats += weight * other.kinematic_beats;
}

BeatScore& BeatScore::operator+=(const BeatScore& other) {
  add(other);
  return *this;
}

BeatScore beat_consistency(const skeleton::Motion& motion, const std::vector<double>& music_beats,
                           const BeatOptions& options) {
  const double border = border_seconds(options, motion.fps);
  const double seconds = motion.seconds();
  const std::vector<double> kinematic = kinematic_beats(motion, options);
  const std::vector<double> music = inside_border(music_beats, seconds, border);
  BeatScore score;
  if (music.empty() || music_beats.size() < 2) {
    score.skipped = 1;
    return score;
  }
  const auto backwards = [&](const std::vector<double>& beats) {
    return kinematic.empty() ? 0.0 : consistency(kinematic, beats, options.sigma);
  };
  score.clips = 1;
  score.music_beats = static_cast<double>(music.size());
  score.kinematic_beats = static_cast<double>(kinematic.size());
  score.bc_sum = consistency(music, kinematic, options.sigma);
  score.bc_k_sum = backwards(music_beats);
  double chance = 0.0;
  int phases = 0;
  for (const std::vector<double>& moved : phase_shifts(music_beats)) {
    score.bc_k_chance_sum += backwards(moved) / kPhaseShifts;
    const std::vector<double> inside = inside_border(moved, seconds, border);
    if (!inside.empty()) {
      chance += consistency(inside, kinematic, options.sigma);
      ++phases;
    }
  }
  score.bc_chance_sum = phases > 0 ? chance / phases : 0.0;
  return score;
}

}  // namespace stgmamba::metrics
