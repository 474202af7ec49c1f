// SPDX-License-Identifier: MIT
// Decoded takes shared by the loader's threads.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "stgmamba/data/dataset.hpp"
#include "stgmamba/music/features.hpp"

#include "data/shared_cache.hpp"

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
  std::shared_ptr<const CachedTake> get(const TakeInfo& info);
  std::int64_t bytes() const { return cache_.bytes(); }

 private:
  Dataset dataset_;
  bool features_;
  SharedCache<CachedTake> cache_;
};

}  // namespace stgmamba::data
