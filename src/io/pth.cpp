// SPDX-License-Identifier: MIT
#include "stgmamba/io/pth.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <unordered_map>

#include "stgmamba/util/error.hpp"

#include "pth_storages.hpp"

namespace stgmamba::io {
namespace fs = std::filesystem;
namespace {

enum class Format { kNone, kZip, kLegacy };

/// By the first bytes: "PK\3\4" is a zip archive, 0x80 the first opcode of a pickle. A safetensors file may begin with
/// any byte, but its ninth is a '{'.
Format format_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::array<char, 9> first{};
  if (!file.read(first.data(), first.size()) || first[8] == '{') {
    return Format::kNone;
  }
  if (std::string_view(first.data(), 4) == "PK\3\4") {
    return Format::kZip;
  }
  return static_cast<unsigned char>(first[0]) == 0x80 ? Format::kLegacy : Format::kNone;
}

/// Tensors may share a storage (tied weights, parameters of one flat buffer), but not without end.
constexpr std::uint64_t kMaxSharing = 16;

/// Every storage once, with the tensors that lie in it.
struct Storage {
  StorageRef ref;
  std::vector<const TensorPlan*> tensors;
};

std::vector<Storage> storages_of(const StateDict& dict, const std::string& where, std::uint64_t file_bytes) {
  std::vector<Storage> storages;
  std::unordered_map<std::string, std::size_t> index;
  std::uint64_t given = 0;
  for (const TensorPlan& plan : dict.tensors) {
    const auto [found, fresh] = index.emplace(plan.storage.key, storages.size());
    if (fresh) {
      storages.push_back({plan.storage, {}});
      given += plan.storage.bytes();
      if (given / kMaxPacking > file_bytes) {  // each may pass on its own and lie on the same bytes as the next
        throw CheckpointError("{}: its storages claim more than its {} bytes can hold", where, file_bytes);
      }
    }
    Storage& storage = storages[found->second];
    if (storage.ref.bytes() != plan.storage.bytes() || storage.ref.dtype != plan.storage.dtype) {
      throw CheckpointError("{}: '{}': another type or size of its storage than elsewhere", where,
                            pickle::printable(plan.name));
    }
    storage.tensors.push_back(&plan);
  }
  std::uint64_t asked = 0;
  for (const TensorPlan& plan : dict.tensors) {
    asked += plan.bytes();
    if (asked / kMaxSharing > given) {
      throw CheckpointError("{}: its tensors share their storages more than {} times", where, kMaxSharing);
    }
  }
  return storages;
}

}  // namespace

bool is_pth(const fs::path& path) {
  return format_of(path) != Format::kNone;
}

Pth read_pth(const fs::path& path) {
  const std::string where = path.string();
  const Format format = format_of(path);
  if (format == Format::kNone) {
    std::error_code error;
    throw CheckpointError("{}: {}", where, fs::exists(path, error) ? "not a .pth file" : "no such file");
  }
  const std::unique_ptr<PthFile> file = format == Format::kZip ? open_zip_pth(path) : open_legacy_pth(path);
  StateDict dict = find_tensors(file->read_object(), where);
  const std::vector<Storage> storages = storages_of(dict, where, fs::file_size(path));
  std::vector<StorageRef> refs;
  refs.reserve(storages.size());
  for (const Storage& storage : storages) {
    refs.push_back(storage.ref);
  }
  file->prepare(refs);
  Pth content;
  content.values = std::move(dict.values);
  for (const Storage& storage : storages) {  // one storage in memory at a time
    const std::vector<std::byte> bytes = file->read_storage(storage.ref);
    for (const TensorPlan* plan : storage.tensors) {
      if (!content.tensors.emplace(plan->name, gather(*plan, bytes)).second) {
        throw CheckpointError("{}: '{}': occurs twice", where, pickle::printable(plan->name));
      }
    }
  }
  return content;
}

}  // namespace stgmamba::io
