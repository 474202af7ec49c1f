// SPDX-License-Identifier: MIT
// safetensors: 8-byte little-endian header length, JSON header, raw little-endian row-major data
// (huggingface/safetensors README). Hostile headers are refused before anything is allocated.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "stgmamba/io/array.hpp"

namespace stgmamba::io {

struct Safetensors {
  std::map<std::string, Array> tensors;
  std::map<std::string, std::string> metadata;
};

/// Throws CheckpointError naming the file: truncated, overlapping or out-of-range offsets, holes, duplicate names,
/// unknown dtypes, sizes that do not match shapes.
Safetensors read_safetensors(const std::filesystem::path& path);
/// Atomic. Tensors are laid out in name order, so equal contents give equal bytes.
void write_safetensors(const std::filesystem::path& path, const Safetensors& content);

}  // namespace stgmamba::io
