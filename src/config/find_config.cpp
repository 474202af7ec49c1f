// SPDX-License-Identifier: MIT
#include <cstdlib>

#include "stgmamba/config/section.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/text.hpp"

namespace stgmamba::config {
namespace fs = std::filesystem;
namespace {

/// The source tree that the running program was built in: the nearest folder above it with our configurations.
fs::path source_tree(const fs::path& program) {
  std::error_code error;
  for (fs::path folder = program.parent_path(); folder != folder.parent_path(); folder = folder.parent_path()) {
    if (fs::exists(folder / "configs" / "base.yaml", error) && fs::exists(folder / "share", error)) {
      return folder;
    }
  }
  return {};
}

/// Where configs/ and what ships lie, wherever the user stands: the folder chosen by STG_SHARE_DIR, or the installed
/// one and the source tree.
std::vector<fs::path> share_folders() {
  if (const char* chosen = std::getenv("STG_SHARE_DIR")) {
    return {chosen};
  }
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (error) {
    return {};
  }
  std::vector<fs::path> folders = {program.parent_path().parent_path() / "share" / "stgmamba"};
  if (const fs::path tree = source_tree(program); !tree.empty()) {
    folders.push_back(tree);
  }
  return folders;
}

}  // namespace

fs::path find_config(const std::string& name) {
  if (fs::path(name).has_parent_path() || fs::is_regular_file(name)) {
    return name;
  }
  std::vector<std::string> known;
  std::vector<std::string> looked;
  std::vector<fs::path> folders = {".", "configs"};
  for (const fs::path& shared : share_folders()) {
    folders.push_back(shared / "configs");
  }
  for (const fs::path& folder : folders) {
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
  std::vector<fs::path> folders = {"share"};
  for (const fs::path& shared : share_folders()) {
    folders.insert(folders.end(), {shared, shared / "share"});  // the second is a source tree's own
  }
  std::error_code error;
  for (const fs::path& folder : folders) {
    if (fs::exists(folder / name, error)) {
      return folder / name;
    }
  }
  return {};
}

}  // namespace stgmamba::config
