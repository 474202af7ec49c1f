// SPDX-License-Identifier: MIT
#include "zip_archive.hpp"

namespace stgmamba::io {
namespace fs = std::filesystem;
namespace {

constexpr std::uint64_t kMaxMember = std::uint64_t{8} << 30U;

}  // namespace

ZipReader::ZipReader(fs::path path, const ZipRules& rules) : path_(std::move(path)), rules_(rules) {
  int code = 0;
  archive_.reset(zip_open(path_.c_str(), ZIP_RDONLY, &code));
  std::error_code error;
  if (!archive_) {
    refuse(fs::exists(path_, error) ? std::string(": not ") + rules_.kind : ": no such file");
  }
  file_bytes_ = fs::file_size(path_, error);
  const zip_int64_t count = zip_get_num_entries(archive_.get(), 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    const char* name = zip_get_name(archive_.get(), static_cast<zip_uint64_t>(i), ZIP_FL_ENC_RAW);
    if (name == nullptr) {
      refuse(": damaged archive");
    }
    names_.emplace_back(name);
  }
}

std::uint64_t ZipReader::size(std::size_t index) const {
  zip_stat_t stat;
  zip_stat_init(&stat);
  constexpr zip_uint64_t kNeeded = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE;
  if (zip_stat_index(archive_.get(), index, 0, &stat) != 0 || (stat.valid & kNeeded) != kNeeded) {
    refuse(": damaged archive");
  }
  if (stat.comp_size > file_bytes_ || stat.size / rules_.max_ratio > stat.comp_size || stat.size > kMaxMember) {
    refuse(fmt::format(": {}: claims {} bytes, more than {} packed bytes can hold", names_[index], stat.size,
                       stat.comp_size));
  }
  return stat.size;
}

std::vector<std::byte> ZipReader::read(std::size_t index) const {
  std::vector<std::byte> bytes(size(index));
  const std::unique_ptr<zip_file_t, ZipDiscard> member(zip_fopen_index(archive_.get(), index, 0));
  std::byte beyond{};
  // The checksum is compared when the end is read, not with the last byte.
  if (!member || zip_fread(member.get(), bytes.data(), bytes.size()) != static_cast<zip_int64_t>(bytes.size()) ||
      zip_fread(member.get(), &beyond, 1) != 0) {
    refuse(fmt::format(": {}: damaged member", names_[index]));
  }
  return bytes;
}

void ZipReader::refuse(const std::string& what) const {
  if (rules_.code == ExitCode::kCheckpoint) {
    throw CheckpointError("{}{}", path_.string(), what);
  }
  throw DataError("{}{}", path_.string(), what);
}

}  // namespace stgmamba::io
