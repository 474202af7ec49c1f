// SPDX-License-Identifier: MIT
// The format before PyTorch 1.6: five pickles (magic number, protocol, system, object, list of storage keys), then for
// every key its number of elements (int64) and its bytes.
#include <algorithm>
#include <cstring>
#include <fstream>
#include <unordered_map>

#include "stgmamba/util/error.hpp"

#include "pth_storages.hpp"

namespace stgmamba::io {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kMaxHead = std::uint64_t{64} << 20U;  // all five pickles
constexpr std::int64_t kProtocol = 1001;
// 0x1950a86a20f9469cfc6c, little-endian
constexpr std::string_view kMagic("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 10);

class LegacyPth : public PthFile {
 public:
  explicit LegacyPth(const fs::path& path) : where_(path.string()), file_(path, std::ios::binary) {
    std::error_code error;
    size_ = fs::file_size(path, error);
    head_.resize(std::min<std::uint64_t>(size_, kMaxHead));
    if (error || !file_.read(reinterpret_cast<char*>(head_.data()), static_cast<std::streamsize>(head_.size()))) {
      throw CheckpointError("{}: cannot be read", where_);
    }
  }

  pickle::Document read_object() override {
    const pickle::Document magic = next();
    const pickle::Value& number = magic[magic.root];
    require(number.kind == pickle::Kind::kLong && number.text == kMagic,
            "not a .pth file: the magic number is missing");
    const pickle::Document protocol = next();
    require(protocol[protocol.root].integer == kProtocol, "an unknown version of the format before PyTorch 1.6");
    check_system(next());
    pickle::Document object = next();
    const pickle::Document keys = next();
    for (const pickle::Id id : keys[keys.root].items) {
      require(keys[id].kind == pickle::Kind::kText, "the list of storages must hold texts");
      keys_.push_back(keys[id].text);
    }
    return object;
  }

  /// Walks the storages in the file's order: each says how many elements it has, not how large they are.
  void prepare(const std::vector<StorageRef>& storages) override {
    std::unordered_map<std::string, const StorageRef*> wanted;
    for (const StorageRef& storage : storages) {
      wanted.emplace(storage.key, &storage);
    }
    std::uint64_t at = at_;
    for (const std::string& key : keys_) {
      const auto found = wanted.find(key);
      require(found != wanted.end(), "a storage that no tensor uses");
      std::uint64_t elements = 0;
      file_.clear();
      file_.seekg(static_cast<std::streamoff>(at));
      require(size_ - at >= sizeof elements && file_.read(reinterpret_cast<char*>(&elements), sizeof elements),
              "the file ends before its last storage");
      at += sizeof elements;
      require(elements == found->second->elements, "a storage has another size than its tensors say");
      require(found->second->bytes() <= size_ - at, "the file ends before its last storage");
      require(offsets_.emplace(key, at).second, "a storage occurs twice");
      at += found->second->bytes();
    }
    require(at == size_, "there are bytes after the last storage");
  }

  std::vector<std::byte> read_storage(const StorageRef& storage) override {
    const auto found = offsets_.find(storage.key);
    require(found != offsets_.end(), "a storage is missing");
    std::vector<std::byte> bytes(storage.bytes());
    file_.seekg(static_cast<std::streamoff>(found->second));
    require(static_cast<bool>(
                file_.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()))),
            "cannot be read");
    return bytes;
  }

 private:
  void require(bool condition, const char* what) const {
    if (!condition) {
      throw CheckpointError("{}: {}", where_, what);
    }
  }

  pickle::Document next() {
    pickle::Document document = pickle::read(std::span(head_).subspan(at_), where_, allowed_in_state_dict);
    at_ += document.bytes;
    return document;
  }

  void check_system(const pickle::Document& system) const {
    const pickle::Value& dict = system[system.root];
    for (std::size_t i = 0; dict.kind == pickle::Kind::kDict && i < dict.items.size(); i += 2) {
      if (system[dict.items[i]].text == "little_endian") {
        require(system[dict.items[i + 1]].integer == 1,
                "its numbers are big-endian; save it on a little-endian machine");
        return;
      }
    }
    require(false, "it does not say how its numbers are stored");
  }

  std::string where_;
  std::ifstream file_;
  std::uint64_t size_ = 0;
  std::vector<std::byte> head_;
  std::size_t at_ = 0;  // after the pickles read so far
  std::vector<std::string> keys_;
  std::unordered_map<std::string, std::uint64_t> offsets_;
};

}  // namespace

std::unique_ptr<PthFile> open_legacy_pth(const fs::path& path) {
  return std::make_unique<LegacyPth>(path);
}

}  // namespace stgmamba::io
