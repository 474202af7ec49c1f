// SPDX-License-Identifier: MIT
// The zip format: NAME/data.pkl, NAME/data/<key> for every storage, NAME/byteorder, NAME/version; members stored.
#include <unordered_map>

#include "stgmamba/util/error.hpp"

#include "pth_storages.hpp"
#include "zip_archive.hpp"

namespace stgmamba::io {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kMaxPickle = std::uint64_t{64} << 20U;

class ZipPth : public PthFile {
 public:
  explicit ZipPth(const fs::path& path)
      : where_(path.string()),
        archive_(path, {.code = ExitCode::kCheckpoint, .kind = "a .pth archive", .max_ratio = kMaxPacking}) {
    for (std::size_t i = 0; i < archive_.names().size(); ++i) {
      const std::string& name = archive_.names()[i];
      const std::size_t slash = name.find('/');
      if (slash != std::string::npos && name.substr(slash) == "/data.pkl") {
        prefix_ = name.substr(0, slash + 1);
      }
      if (!members_.emplace(name, i).second) {
        throw CheckpointError("{}: {}: occurs twice", where_, pickle::printable(name));
      }
    }
    if (prefix_.empty()) {
      throw CheckpointError("{}: holds no data.pkl; a file written by torch.save is needed", where_);
    }
    if (members_.count(prefix_ + "constants.pkl") != 0) {
      throw CheckpointError("{}: a TorchScript archive, not a state dict; save model.state_dict() with torch.save",
                            where_);
    }
    if (const auto order = members_.find(prefix_ + "byteorder");
        order != members_.end() && text(order->second) != "little") {
      throw CheckpointError("{}: its numbers are big-endian; save it on a little-endian machine", where_);
    }
  }

  pickle::Document read_object() override {
    const std::size_t index = members_.at(prefix_ + "data.pkl");
    if (archive_.size(index) > kMaxPickle) {
      throw CheckpointError("{}: data.pkl: {} bytes, more than any state dict has", where_, archive_.size(index));
    }
    const std::vector<std::byte> bytes = archive_.read(index);
    return pickle::read(bytes, where_ + ": data.pkl", allowed_in_state_dict);
  }

  std::vector<std::byte> read_storage(const StorageRef& storage) override {
    const auto found = members_.find(prefix_ + "data/" + storage.key);
    if (found == members_.end()) {
      throw CheckpointError("{}: holds no storage data/{}", where_, pickle::printable(storage.key));
    }
    if (archive_.size(found->second) != storage.bytes()) {
      throw CheckpointError("{}: data/{}: {} bytes where {} are needed", where_, pickle::printable(storage.key),
                            archive_.size(found->second), storage.bytes());
    }
    return archive_.read(found->second);
  }

 private:
  std::string text(std::size_t index) const {
    constexpr std::uint64_t kMaxText = 64;
    const std::vector<std::byte> bytes =
        archive_.size(index) <= kMaxText ? archive_.read(index) : std::vector<std::byte>();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  std::string where_;
  ZipReader archive_;
  std::string prefix_;
  std::unordered_map<std::string, std::size_t> members_;
};

}  // namespace

std::unique_ptr<PthFile> open_zip_pth(const fs::path& path) {
  return std::make_unique<ZipPth>(path);
}

}  // namespace stgmamba::io
