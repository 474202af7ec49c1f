// SPDX-License-Identifier: MIT
// Parts of a dataset folder, shared by the reader, the writer, the splitter and the checks.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "stgmamba/data/dataset.hpp"
#include "stgmamba/io/json_lines.hpp"

namespace stgmamba::data {

using Splits = std::map<std::string, std::vector<std::string>>;  // split name -> take ids, in file order

inline constexpr const char* kCardFile = "card.yaml";
inline constexpr const char* kIndexFile = "index.jsonl";
inline constexpr const char* kClipsFolder = "clips";
inline constexpr const char* kSplitsFolder = "splits";
inline constexpr const char* kCacheFolder = "cache";  // may be deleted at any time
inline constexpr const char* kAudioFile = "audio.wav";
inline constexpr const char* kPoseFile = "pose.npz";
inline constexpr const char* kVideoFile = "video.mp4";
inline constexpr const char* kTail = "_tail";           // ends the id of a video's held-out end
inline constexpr const char* kFramesFolder = "frames";  // instead of the video: a picture a pose, jpg or png, by name

/// Ids become folder names: letters, digits, '_', '-' and '.', not first a '.'.
bool valid_id(const std::string& id);
io::Json to_json(const TakeInfo& info);
/// Throws DataError "<where>: ..." for a row that is not a take.
TakeInfo take_from_json(const io::Json& row, const std::string& where);
std::vector<TakeInfo> read_index(const std::filesystem::path& folder);
/// Every `*.txt` of splits/; a split whose file is absent is absent from the map.
Splits read_splits(const std::filesystem::path& folder);
/// Sources of which the end is held out as a take of its own: one person in one room on both sides, by the user's wish.
std::set<std::string> held_out_ends(const std::vector<TakeInfo>& takes);
std::string split_text(const std::vector<std::string>& ids);

}  // namespace stgmamba::data
