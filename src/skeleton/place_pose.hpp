// SPDX-License-Identifier: MIT
// Poses in the pixels of some video to a motion in the reference frame; shared by the readers of 2-D formats.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "stgmamba/io/json_lines.hpp"
#include "stgmamba/skeleton/formats.hpp"

namespace stgmamba::skeleton {

/// io::read_json with every parser error, numbers too large for a double included, as a DataError that names the file.
io::Json load_json(const std::filesystem::path& path);

/// Refuses options that no video has (frame rate or size not above 0). Throws UsageError.
void check_options(const OpenPoseOptions& options);

/// One person's joints, [18, 3] in the pixels of the source video, into frame `frame`: aspect kept, centred, joints
/// below min_score missing.
void place_pose(Motion& motion, std::int64_t frame, const std::vector<float>& pose, const OpenPoseOptions& options);

/// Throws DataError when the coordinates cannot be pixels of a video of the size in `options`: all within 1 of 0
/// (normalised), or more than a quarter outside.
void check_extent(const std::string& where, const Motion& motion, const OpenPoseOptions& options);

}  // namespace stgmamba::skeleton
