// SPDX-License-Identifier: MIT
// Content hashes (XXH3, 128 bits, 32 hex digits): integrity and identity, not security.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace stgmamba::util {

std::string hash_bytes(std::span<const std::byte> bytes);
std::string hash_text(std::string_view text);
std::string hash_file(const std::filesystem::path& path);  // streams; throws DataError when unreadable

}  // namespace stgmamba::util
