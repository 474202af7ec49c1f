// SPDX-License-Identifier: MIT
// NumPy .npz archives (numpy.lib.format 1.0 to 3.0; stored or deflated; C order, little endian).
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "stgmamba/io/array.hpp"

namespace stgmamba::io {

/// Throws DataError naming the file and the member for anything that is not a plain numeric array.
std::map<std::string, Array> read_npz(const std::filesystem::path& path);
/// Atomic; members deflated. Bytes depend on the content alone (fixed time stamps).
void write_npz(const std::filesystem::path& path, const std::map<std::string, Array>& arrays);

}  // namespace stgmamba::io
