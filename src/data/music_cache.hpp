// SPDX-License-Identifier: MIT
// What the music layer finds in the sounds of a dataset, kept in <dataset>/cache/music so that it is found once.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "stgmamba/data/dataset.hpp"
#include "stgmamba/io/array.hpp"
#include "stgmamba/music/features.hpp"

namespace stgmamba::data {

/// One file a sound and a set of parameters, both by their hash: takes that share a sound share it, and no file is ever
/// out of date. A folder that cannot be written costs time and a warning, a damaged file is made anew. Thread-safe.
class MusicCache {
 public:
  using Sound = std::function<media::Audio()>;  // decodes; called only for what is not there yet

  /// `keep`: write what is found; what is there already is used either way.
  explicit MusicCache(std::filesystem::path dataset, bool keep = true) : dataset_(std::move(dataset)), keep_(keep) {}
  /// Beats of music::find_beats with its defaults, in s.
  std::vector<double> beats(const TakeInfo& info, const Sound& sound) const;
  /// music::analyse_track with these beats.
  music::FeatureTrack features(const TakeInfo& info, const Sound& sound) const;

 private:
  using Arrays = std::map<std::string, io::Array>;
  Arrays get(const TakeInfo& info, const std::string& parameters, const std::vector<std::string>& names,
             const std::function<Arrays()>& make) const;
  std::filesystem::path dataset_;
  bool keep_;
};

}  // namespace stgmamba::data
