// SPDX-License-Identifier: MIT
// Which windows of film an epoch has.
#pragma once

#include <cstdint>
#include <vector>

#include "stgmamba/data/film.hpp"

namespace stgmamba::data {

struct FilmWindow {
  std::size_t take = 0;              // index into the plan's takes
  std::vector<std::int64_t> frames;  // F + 1 frames of the take, the condition first
};

class FilmWindows {
 public:
  /// Training windows.
  FilmWindows(std::vector<TakeInfo> takes, const DataConfig& config, const FilmConfig& film, std::uint64_t seed);
  /// Evaluation windows.
  FilmWindows(std::vector<TakeInfo> takes, const DataConfig& config, std::int64_t windows_per_take);

  const std::vector<TakeInfo>& takes() const { return takes_; }
  std::int64_t epoch_samples() const { return epoch_samples_; }
  /// Window at a place of an epoch; evaluation has one epoch, 0.
  FilmWindow window(std::int64_t epoch, std::int64_t position, const std::vector<std::int64_t>& order) const;
  /// Permutation of an epoch's windows; empty for evaluation.
  std::vector<std::int64_t> order(std::int64_t epoch) const;

 private:
  void keep_usable(std::vector<TakeInfo> takes);
  FilmWindow anywhere(std::int64_t slot, std::int64_t epoch) const;

  std::vector<TakeInfo> takes_;
  std::vector<std::int64_t> ends_;      // cumulative frames of the takes
  std::vector<FilmWindow> evaluation_;  // empty when training
  std::int64_t frames_, epoch_samples_ = 0;
  FilmConfig film_;
  std::uint64_t seed_ = 0;
};

}  // namespace stgmamba::data
