// SPDX-License-Identifier: MIT
// Members of a zip archive, read so that a hostile directory cannot ask for more memory than the file can fill.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <zip.h>

#include "stgmamba/util/error.hpp"

namespace stgmamba::io {

struct ZipDiscard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};
using ZipHandle = std::unique_ptr<zip_t, ZipDiscard>;

/// How an archive is read: what a mistake's exit code is (kData or kCheckpoint), what the file should have been, how
/// far a member may expand.
struct ZipRules {
  ExitCode code = ExitCode::kData;
  const char* kind = "a zip archive";  // "{path}: not {kind}"
  std::uint64_t max_ratio = 1100;      // unpacked over packed; deflate reaches 1032
};

class ZipReader {
 public:
  ZipReader(std::filesystem::path path, const ZipRules& rules);
  const std::vector<std::string>& names() const { return names_; }  // in the archive's order; may repeat

  std::uint64_t size(std::size_t index) const;           // unpacked, as the directory claims and the file allows
  std::vector<std::byte> read(std::size_t index) const;  // unpacked, its checksum verified

 private:
  [[noreturn]] void refuse(const std::string& what) const;

  std::filesystem::path path_;
  ZipRules rules_;
  ZipHandle archive_;
  std::uint64_t file_bytes_ = 0;
  std::vector<std::string> names_;
};

}  // namespace stgmamba::io
