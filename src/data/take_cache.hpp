// SPDX-License-Identifier: MIT
// Decoded takes shared by the loader's threads: least recently used ones go first.
#pragma once

#include <cstdint>
#include <future>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "stgmamba/data/dataset.hpp"
#include "stgmamba/music/features.hpp"

namespace stgmamba::data {

/// A take ready for cutting: sound as 16-bit samples (half the memory, exact for our WAV files), gaps filled.
struct CachedTake {
  TakeInfo info;
  std::vector<std::int16_t> samples;  // 16 kHz
  skeleton::Motion motion;            // no NaN; score 0 where a joint was missing
  music::FeatureTrack features;       // without rows unless asked for
  std::int64_t bytes() const;
};

class TakeCache {
 public:
  /// `features`: analyse the music as well.
  TakeCache(const Dataset& dataset, std::int64_t limit_bytes, bool features = false);
  /// Decodes at most once even when several threads ask; an error reaches all of them and is not remembered.
  std::shared_ptr<const CachedTake> get(const TakeInfo& info);
  std::int64_t bytes() const;

 private:
  using Result = std::shared_ptr<const CachedTake>;
  struct Entry {
    std::shared_future<Result> result;
    std::list<std::string>::iterator place;
    std::int64_t bytes = 0;  // 0 while it is being decoded
  };
  void settle(const std::string& id, std::int64_t bytes);
  Dataset dataset_;
  std::int64_t limit_, bytes_ = 0;
  bool features_;
  mutable std::mutex mutex_;
  std::list<std::string> order_;  // newest first
  std::map<std::string, Entry> entries_;
};

}  // namespace stgmamba::data
