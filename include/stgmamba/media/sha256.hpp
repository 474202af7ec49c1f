// SPDX-License-Identifier: MIT
// SHA-256 of files, by which others publish theirs; our own hashes are those of util/hash.hpp.
#pragma once

#include <filesystem>
#include <string>

namespace stgmamba::media {

/// 64 hex digits. Streams; throws DataError when the file is unreadable.
std::string sha256_file(const std::filesystem::path& path);

}  // namespace stgmamba::media
