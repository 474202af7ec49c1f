// SPDX-License-Identifier: MIT
#include "data/film_windows.hpp"

#include <algorithm>
#include <cmath>

#include "stgmamba/util/log.hpp"
#include "stgmamba/util/random.hpp"

namespace stgmamba::data {
namespace {

constexpr double kClipSeconds = 5.0;  // an epoch has a window for so much film [paper: sequences of 5 s]

}  // namespace

void FilmWindows::keep_usable(std::vector<TakeInfo> takes) {
  std::int64_t without = 0, brief = 0, total = 0;
  for (TakeInfo& info : takes) {
    if (info.framing.width <= 0) {
      ++without;
    } else if (info.frames < frames_ + 1) {
      ++brief;
    } else {
      total += info.frames;
      ends_.push_back(total);
      takes_.push_back(std::move(info));
    }
  }
  if (without + brief > 0) {
    util::log().warn("{} of {} takes are left out: {} have no video, {} fewer than {} frames", without + brief,
                     takes.size(), without, brief, frames_ + 1);
  }
}

FilmWindows::FilmWindows(std::vector<TakeInfo> takes, const DataConfig& config, const FilmConfig& film,
                         std::uint64_t seed)
    : frames_(config.frames), film_(film), seed_(seed) {
  keep_usable(std::move(takes));
  double seconds = 0.0;
  for (const TakeInfo& info : takes_) {
    seconds += info.seconds;
  }
  epoch_samples_ = config.epoch_samples > 0
                       ? config.epoch_samples
                       : std::max<std::int64_t>(config.batch_size, std::llround(seconds / kClipSeconds));
}

FilmWindows::FilmWindows(std::vector<TakeInfo> takes, const DataConfig& config, std::int64_t windows_per_take)
    : frames_(config.frames) {
  keep_usable(std::move(takes));
  for (std::size_t take = 0; take < takes_.size(); ++take) {
    const std::int64_t stretches = (takes_[take].frames - 1) / frames_;  // frame 0 is the condition
    const std::int64_t chosen = windows_per_take > 0 ? std::min(windows_per_take, stretches) : stretches;
    for (std::int64_t k = 0; k < chosen; ++k) {
      FilmWindow window{take, {0}};
      for (std::int64_t f = 0; f < frames_; ++f) {
        window.frames.push_back(1 + k * stretches / chosen * frames_ + f);
      }
      evaluation_.push_back(std::move(window));
    }
  }
  epoch_samples_ = std::ssize(evaluation_);
}

std::vector<std::int64_t> FilmWindows::order(std::int64_t epoch) const {
  if (!evaluation_.empty()) {
    return {};
  }
  return util::Random(seed_, "film.order", static_cast<std::uint64_t>(epoch)).permutation(epoch_samples_);
}

FilmWindow FilmWindows::window(std::int64_t epoch, std::int64_t position,
                               const std::vector<std::int64_t>& order) const {
  const auto at = static_cast<std::size_t>(position);
  return evaluation_.empty() ? anywhere(order[at], epoch) : evaluation_[at];
}

/// The epoch's slots share the split's frames equally, and each window starts somewhere in its slot: every take gets
/// windows in proportion to its length.
FilmWindow FilmWindows::anywhere(std::int64_t slot, std::int64_t epoch) const {
  util::Random random(seed_, "film.window", static_cast<std::uint64_t>(epoch), static_cast<std::uint64_t>(slot));
  const double place = (static_cast<double>(slot) + random.uniform()) / static_cast<double>(epoch_samples_);
  const auto frame = std::min(static_cast<std::int64_t>(place * static_cast<double>(ends_.back())), ends_.back() - 1);
  FilmWindow window;
  window.take = static_cast<std::size_t>(std::upper_bound(ends_.begin(), ends_.end(), frame) - ends_.begin());
  const std::int64_t length = takes_[window.take].frames;
  const std::int64_t inside = frame - (ends_[window.take] - length);
  const std::int64_t widest = std::min(film_.spacing, (length - 1) / frames_);
  const std::int64_t spacing = 1 + random.integer(widest);
  const std::int64_t starts = length - frames_ * spacing;  // first frames that leave room for the window
  const std::int64_t start = inside * starts / length;
  window.frames.push_back(film_.cond_frame == "random" ? random.integer(length) : start);
  for (std::int64_t f = 1; f <= frames_; ++f) {
    window.frames.push_back(start + f * spacing);
  }
  return window;
}

}  // namespace stgmamba::data
