// SPDX-License-Identifier: MIT
#include "stgmamba/util/hash.hpp"

#include <array>
#include <fstream>
#include <memory>

#include <fmt/format.h>
#include <xxhash.h>

#include "stgmamba/util/error.hpp"

namespace stgmamba::util {
namespace {

std::string digits(XXH128_hash_t hash) {
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

}  // namespace

std::string hash_bytes(std::span<const std::byte> bytes) {
  return digits(XXH3_128bits(bytes.data(), bytes.size()));
}

std::string hash_text(std::string_view text) {
  return digits(XXH3_128bits(text.data(), text.size()));
}

std::string hash_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::error_code ignored;
  if (!file || std::filesystem::is_directory(path, ignored)) {
    throw DataError("{}: cannot be read", path.string());
  }
  const std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> state(XXH3_createState(), XXH3_freeState);
  XXH3_128bits_reset(state.get());
  std::array<char, 1 << 16> chunk{};
  while (file.read(chunk.data(), chunk.size()) || file.gcount() > 0) {
    XXH3_128bits_update(state.get(), chunk.data(), static_cast<std::size_t>(file.gcount()));
  }
  if (file.bad()) {
    throw DataError("{}: reading broke off", path.string());
  }
  return digits(XXH3_128bits_digest(state.get()));
}

}  // namespace stgmamba::util
