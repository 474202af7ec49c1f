// SPDX-License-Identifier: MIT
#include <cstdlib>

#include "stgmamba/config/section.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/text.hpp"

namespace stgmamba::config {
namespace fs = std::filesystem;
namespace {

fs::path share_folder() {
  if (const char* chosen = std::getenv("STG_SHARE_DIR")) {
    return chosen;
  }
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  return error ? fs::path() : program.parent_path().parent_path() / "share" / "stgmamba";
}

}  // namespace

fs::path find_config(const std::string& name) {
  if (fs::path(name).has_parent_path() || fs::is_regular_file(name)) {
    return name;
  }
  std::vector<std::string> known;
  std::vector<std::string> looked;
  for (const fs::path& folder : {fs::path("."), fs::path("configs"), share_folder() / "configs"}) {
    for (const std::string& candidate : {name, name + ".yaml"}) {
      if (fs::is_regular_file(folder / candidate)) {
        return folder == "." ? fs::path(candidate) : folder / candidate;
      }
    }
    looked.push_back(folder.string());
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
      if (entry.path().extension() == ".yaml") {
        known.push_back(entry.path().filename().string());
      }
    }
  }
  const std::string near = util::nearest(name, known);
  throw ConfigError("{}: no such configuration in {}{}", name, util::join(looked, ", "),
                    near.empty() ? "" : " (did you mean '" + near + "'?)");
}

fs::path find_shared(const std::string& name) {
  std::error_code error;
  // The last is a source tree's own.
  for (const fs::path& folder : {fs::path("share"), share_folder(), share_folder() / "share"}) {
    if (fs::exists(folder / name, error)) {
      return folder / name;
    }
  }
  return {};
}

}  // namespace stgmamba::config
