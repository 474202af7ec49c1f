// SPDX-License-Identifier: MIT
// Which windows an epoch has, and the cutting of one window out of a take.
#pragma once

#include <cstdint>
#include <vector>

#include "stgmamba/data/batch.hpp"
#include "stgmamba/data/loader.hpp"

#include "data/augment.hpp"
#include "data/take_cache.hpp"

namespace stgmamba::data {

struct Window {
  std::size_t take = 0;  // index into the plan's takes
  std::int64_t first_sample = 0;
  WindowDraws draws;
};

/// The windows of a split as pure functions of (seed, epoch, position).
class WindowPlan {
 public:
  WindowPlan(std::vector<TakeInfo> takes, const DataConfig& config, std::uint64_t seed, bool train);
  std::int64_t epoch_samples() const { return epoch_samples_; }
  const std::vector<TakeInfo>& takes() const { return takes_; }
  /// `order` is the epoch's permutation of 0 .. epoch_samples-1 (ignored when not training).
  Window window(std::int64_t epoch, std::int64_t position, const std::vector<std::int64_t>& order) const;
  std::vector<std::int64_t> order(std::int64_t epoch) const;

 private:
  struct Cut {
    std::size_t take;
    std::int64_t first_sample;
  };
  void add_cuts();
  Window anywhere(std::int64_t slot, std::int64_t epoch, std::int64_t sample) const;
  std::vector<TakeInfo> takes_;
  std::vector<double> ends_;  // cumulative seconds of the takes
  std::vector<Cut> cuts_;     // consecutive windows; empty when windows start anywhere
  DataConfig config_;
  std::uint64_t seed_;
  bool train_;
  std::int64_t epoch_samples_ = 0;
};

/// `count` frames at start + i * step seconds: cubic (Catmull-Rom) in time, held outside the take. The input has no
/// gaps; a frame's score is 0 where one of its two neighbours is missing.
skeleton::Motion sample_motion(const skeleton::Motion& motion, double start, double step, std::int64_t count);
/// `count` samples from `first` on, `step` input samples apart; cubic, exact for step 1; silence past the end.
std::vector<float> sample_sound(const std::vector<std::int16_t>& samples, std::int64_t first, double step,
                                std::int64_t count);

/// An empty batch with room for `size` windows and the features of that name (music::kFeatureSets).
Batch make_batch(std::int64_t size, std::int64_t frames, const std::string& features = "waveform");
/// Fills row `row` of the batch. Of the sound's augmentation, features follow stretch and gain.
void fill_row(Batch& batch, std::int64_t row, const CachedTake& take, const Window& window, std::uint64_t seed,
              std::int64_t sample, bool augment);

}  // namespace stgmamba::data
