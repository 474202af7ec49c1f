// SPDX-License-Identifier: MIT
#include "stgmamba/media/sha256.hpp"

#include <array>
#include <fstream>
#include <memory>

extern "C" {
#include <libavutil/mem.h>
#include <libavutil/sha.h>
}

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "stgmamba/util/error.hpp"

namespace stgmamba::media {

std::string sha256_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::error_code ignored;
  if (!file || std::filesystem::is_directory(path, ignored)) {
    throw DataError("{}: cannot be read", path.string());
  }
  const std::unique_ptr<AVSHA, void (*)(void*)> state(av_sha_alloc(), av_free);
  av_sha_init(state.get(), 256);
  std::array<char, 1 << 16> chunk{};
  while (file.read(chunk.data(), chunk.size()) || file.gcount() > 0) {
    av_sha_update(state.get(), reinterpret_cast<const std::uint8_t*>(chunk.data()),
                  static_cast<std::size_t>(file.gcount()));
  }
  if (file.bad()) {
    throw DataError("{}: reading broke off", path.string());
  }
  std::array<std::uint8_t, 32> digest{};
  av_sha_final(state.get(), digest.data());
  return fmt::format("{:02x}", fmt::join(digest, ""));
}

}  // namespace stgmamba::media
