// SPDX-License-Identifier: MIT
// The stretches of music that every row of a table dances to, and the real dances to them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "stgmamba/data/dataset.hpp"
#include "stgmamba/media/audio.hpp"
#include "stgmamba/metrics/dance_set.hpp"

namespace stgmamba::eval {

struct TestBedOptions {
  std::string split = "test";
  std::vector<std::string> styles;  // empty: all
  std::vector<std::string> takes;   // only these; empty: all of the split
  bool training = true;             // load the training dances too
  /// Beats of takes whose own are unknown; empty: such takes have no beat scores.
  std::function<std::vector<double>(const media::Audio&)> tracker;
};

/// Non-overlapping windows of 5 s of every take of a split, at 10 frames/s.
class TestBed {
 public:
  /// Throws DataError when a take has too many missing joints or no take holds a window.
  TestBed(data::Dataset dataset, const TestBedOptions& options);

  struct Place {
    std::size_t take = 0, song = 0;
    std::int64_t frame = 0;  // first of the window
  };
  const data::Dataset& dataset() const { return dataset_; }
  const std::vector<data::TakeInfo>& takes() const { return takes_; }
  const std::vector<Place>& places() const { return places_; }
  const std::vector<std::string>& songs() const { return songs_; }
  const metrics::Yardstick& yardstick() const { return *yardstick_; }
  const std::string& split() const { return options_.split; }
  const std::vector<std::string>& styles() const { return options_.styles; }
  /// Identifies data, split and windows: scores with another one do not compare.
  std::string hash() const;

  /// The windows of motions as long as the takes, `motion(take)` at 10 frames/s. Throws DataError when one is shorter
  /// than its take's windows.
  std::vector<metrics::Clip> cut(const std::function<skeleton::Motion(std::size_t take)>& motion) const;
  /// A clip for each place.
  std::vector<metrics::Clip> clips(const std::function<skeleton::Motion(std::size_t place)>& motion) const;
  /// Clips to the same stretch of one song, where there are two or more.
  std::vector<metrics::Draws> same_music(const std::vector<metrics::Clip>& clips) const;
  /// The next place, cyclically, of another song with two beats or more; the same style where there is one. -1: none.
  std::ptrdiff_t other_song(std::size_t place) const;

 private:
  TestBedOptions options_;
  data::Dataset dataset_;
  std::vector<data::TakeInfo> takes_;
  std::vector<std::string> songs_;
  std::vector<Place> places_;
  std::unique_ptr<metrics::Yardstick> yardstick_;
};

/// The song of a take; its source video where no song is known.
std::string song_of(const data::TakeInfo& take);

}  // namespace stgmamba::eval
