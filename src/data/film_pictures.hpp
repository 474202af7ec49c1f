// SPDX-License-Identifier: MIT
// The pictures of a filmed take as they are stored: a video, or a folder of pictures.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <set>

#include "stgmamba/data/dataset.hpp"

namespace stgmamba::data {

inline constexpr const char* kCheckFolder = "run `stg_data check` on the folder";  // what errors say to do

/// Throws DataError where the take's pictures are not there at all, without opening them. `clip` is its folder.
void require_pictures(const std::filesystem::path& clip, const TakeInfo& info);

/// Hands out the wanted frames in ascending order, one in memory at a time: from a video by decoding up to the last
/// one, from a folder of pictures one by one. Throws DataError where they do not fit the index.
void for_pictures(const std::filesystem::path& clip, const TakeInfo& info, const std::set<std::int64_t>& wanted,
                  const std::function<void(std::int64_t, const media::Image&)>& take);

}  // namespace stgmamba::data
