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
    : dataset_(dataset), limit_(limit_bytes), features_(features) {}

std::int64_t TakeCache::bytes() const {
  const std::lock_guard<std::mutex> guard(mutex_);
  return bytes_;
}

std::shared_ptr<const CachedTake> TakeCache::get(const TakeInfo& info) {
  std::promise<Result> promise;
  {
    std::unique_lock<std::mutex> lock(mutex_);
    if (const auto found = entries_.find(info.id); found != entries_.end()) {
      order_.splice(order_.begin(), order_, found->second.place);
      const std::shared_future<Result> result = found->second.result;
      lock.unlock();
      return result.get();
    }
    order_.push_front(info.id);
    entries_[info.id] = {promise.get_future().share(), order_.begin(), 0};
  }
  try {
    Result result = decode(dataset_, info, features_);
    promise.set_value(result);
    settle(info.id, result->bytes());
    return result;
  } catch (...) {
    promise.set_exception(std::current_exception());
    const std::lock_guard<std::mutex> guard(mutex_);
    order_.erase(entries_.at(info.id).place);
    entries_.erase(info.id);
    throw;
  }
}

void TakeCache::settle(const std::string& id, std::int64_t bytes) {
  const std::lock_guard<std::mutex> guard(mutex_);
  entries_.at(id).bytes = bytes;
  bytes_ += bytes;
  for (auto place = order_.end(); bytes_ > limit_ && place != order_.begin();) {
    --place;
    const auto entry = entries_.find(*place);
    if (entry->second.bytes == 0) {
      continue;  // still being decoded by another thread
    }
    bytes_ -= entry->second.bytes;
    entries_.erase(entry);
    place = order_.erase(place);
  }
}

}  // namespace stgmamba::data
