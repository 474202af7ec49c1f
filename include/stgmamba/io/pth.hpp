// SPDX-License-Identifier: MIT
// PyTorch's .pth / .pt files of weights: the zip format (PyTorch 1.6 and later) and the one before it. Nothing in them
// is executed: a state dict's tensors, texts and numbers are read, whatever else a file refers to is refused by name.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "stgmamba/io/array.hpp"

namespace stgmamba::io {

/// Dicts and lists inside each other are joined by dots: {"epoch": 5, "model": {"fc.weight": ...}} holds the value
/// "epoch" and the tensor "model.fc.weight".
struct Pth {
  std::map<std::string, Array> tensors;
  std::map<std::string, std::string> values;  // everything else, as Python's str() would put it: "5", "None", "True"
};

/// Whether a file begins like one of the two formats. False for a file that is not there.
bool is_pth(const std::filesystem::path& path);

/// Throws CheckpointError naming the file for anything that is damaged, hostile or no plain state dict: truncated or
/// overlong parts, globals other than tensors need (the message names them), circles, storages that are missing or too
/// small, tensors with more elements than their storage, a TorchScript archive.
Pth read_pth(const std::filesystem::path& path);

/// Atomic. A plain dict of tensors in the zip format: torch.load(path, weights_only=True) reads it. Equal contents give
/// equal bytes.
void write_pth(const std::filesystem::path& path, const std::map<std::string, Array>& tensors);

}  // namespace stgmamba::io
