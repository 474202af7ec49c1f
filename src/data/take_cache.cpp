// SPDX-License-Identifier: MIT
#include "data/take_cache.hpp"

#include <algorithm>
#include <cmath>

#include "stgmamba/util/error.hpp"

#include "data/music_cache.hpp"

namespace stgmamba::data {
namespace {

std::shared_ptr<const CachedTake> decode(const Dataset& dataset, const TakeInfo& info, bool features) {
  Take take = dataset.load(info);
  if (std::abs(take.audio.seconds() - take.motion.seconds()) > 1.0 / take.motion.fps + 1e-6) {
    throw DataError("take '{}' of {}: sound lasts {:.3f} s and poses {:.3f} s; run `stg_data check {}`", info.id,
                    dataset.folder().string(), take.audio.seconds(), take.motion.seconds(), dataset.folder().string());
  }
  auto cached = std::make_shared<CachedTake>();
  cached->info = info;
  cached->samples.reserve(take.audio.samples.size());
  for (const float sample : take.audio.samples) {
    cached->samples.push_back(static_cast<std::int16_t>(std::clamp(std::lround(sample * 32768.0F), -32768L, 32767L)));
  }
  try {
    skeleton::fill_missing(take.motion, 1.0);  // how much may be missing was settled at import
  } catch (const Error& error) {
    throw DataError("take '{}' of {}: {}; run `stg_data check {}`", info.id, dataset.folder().string(), error.what(),
                    dataset.folder().string());
  }
  cached->motion = std::move(take.motion);
  if (features) {
    cached->features = MusicCache(dataset.folder(), dataset.keeps_music()).features(info, [&] { return take.audio; });
  }
  return cached;
}

}  // namespace

std::int64_t CachedTake::bytes() const {
  const std::size_t floats = motion.xy.size() + motion.score.size() + features.bands.size() + features.onsets.size();
  return static_cast<std::int64_t>(samples.size() * sizeof(std::int16_t) + floats * sizeof(float) + sizeof(CachedTake));
}

TakeCache::TakeCache(const Dataset& dataset, std::int64_t limit_bytes, bool features)
    : dataset_(dataset), features_(features), cache_(limit_bytes) {}

std::shared_ptr<const CachedTake> TakeCache::get(const TakeInfo& info) {
  return cache_.get(info.id, [&] { return decode(dataset_, info, features_); });
}

}  // namespace stgmamba::data
