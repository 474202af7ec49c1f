// SPDX-License-Identifier: MIT
// Does a model hear the music? The same z, other music: what must change, and by how much (mdvs-and-metrics B11, item
// 8). Unlike a score, these tests cannot be won by any motion that ignores the song.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "stgmamba/eval/test_bed.hpp"
#include "stgmamba/infer/motion_model.hpp"

namespace stgmamba::eval {

struct SensitivityRow {
  std::string name, what;
  double value = 0.0;
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
  bool gate = true;                                                     // false: for information
  bool ok() const { return !gate || (value >= low && value <= high); }  // NaN is not ok
};

struct SensitivityReport {
  std::vector<SensitivityRow> rows;
  bool ok() const;
  std::string text() const;
};

struct SensitivityOptions {
  std::uint64_t seed = 1;
  std::int64_t places = 48;  // evenly chosen among those with two beats or more
};

/// Throws DataError when no stretch of music has known beats. Shows progress; throws StoppedError when asked to stop.
SensitivityReport music_sensitivity(const TestBed& bed, const infer::MotionModel& model,
                                    const SensitivityOptions& options = {});

/// The lag in seconds, within +-0.5 s, at which the steps of `later` agree best with those of `earlier`, summed over
/// the pairs. Speeds alone would not tell +0.25 s from -0.25 s at 120 beats a minute; directions do.
double motion_lag(const std::vector<skeleton::Motion>& earlier, const std::vector<skeleton::Motion>& later);

}  // namespace stgmamba::eval
