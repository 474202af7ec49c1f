// SPDX-License-Identifier: MIT
// Pictures of takes, decoded and resized once and kept while there is room.
#pragma once

#include <cstdint>
#include <vector>

#include "stgmamba/data/film.hpp"

#include "data/shared_cache.hpp"

namespace stgmamba::data {

class FilmCache {
 public:
  FilmCache(const Dataset& dataset, std::int64_t size, std::int64_t limit_bytes);
  /// A take that alone would fill half the cache is read again each time, and only as far as needed. Throws DataError
  /// where the video does not fit the index.
  FilmCut cut(const TakeInfo& info, const std::vector<std::int64_t>& frames);
  /// Throws DataError where a take's pictures are not there at all, without opening them.
  void require(const std::vector<TakeInfo>& takes) const;

 private:
  struct Film {
    skeleton::Motion motion;
    std::vector<std::uint8_t> pixels;  // [frames, 3, size, size]
    std::int64_t bytes() const;
  };
  std::size_t picture_bytes() const { return static_cast<std::size_t>(3 * size_ * size_); }
  void check(const TakeInfo& info, const skeleton::Motion& motion) const;
  FilmCut read(const TakeInfo& info, const std::vector<std::int64_t>& frames) const;

  Dataset dataset_;
  std::int64_t size_, limit_;
  SharedCache<Film> cache_;
};

}  // namespace stgmamba::data
