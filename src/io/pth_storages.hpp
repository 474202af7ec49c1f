// SPDX-License-Identifier: MIT
// Where a .pth file keeps its pickle and its storages: members of a zip archive, or one after the other.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "pickle.hpp"
#include "pth_tensors.hpp"

namespace stgmamba::io {

/// Unpacked over packed bytes. PyTorch packs nothing, and a user who packs weights gains far less.
constexpr std::uint64_t kMaxPacking = 64;

class PthFile {
 public:
  virtual ~PthFile() = default;
  virtual pickle::Document read_object() = 0;
  /// The bytes of one storage, exactly as many as `storage` says. After read_object().
  virtual std::vector<std::byte> read_storage(const StorageRef& storage) = 0;
  /// Called once with every storage that will be read.
  virtual void prepare(const std::vector<StorageRef>& storages) {}
};

std::unique_ptr<PthFile> open_zip_pth(const std::filesystem::path& path);
std::unique_ptr<PthFile> open_legacy_pth(const std::filesystem::path& path);

}  // namespace stgmamba::io
