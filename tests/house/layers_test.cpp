// SPDX-License-Identifier: MIT
// The layer table of src/README.md against the includes of every source file.
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "stgmamba/util/file.hpp"

namespace stgmamba::test {
namespace {

namespace fs = std::filesystem;
const fs::path kRoot = STG_SOURCE_DIR;

std::vector<std::string> split_words(const std::string& text) {
  std::vector<std::string> words;
  const std::regex word("[a-z_0-9]+");
  for (std::sregex_iterator it(text.begin(), text.end(), word), end; it != end; ++it) {
    words.push_back(it->str());
  }
  return words;
}

/// layer -> layers it may include, itself among them.
std::map<std::string, std::set<std::string>> allowed_includes() {
  std::map<std::string, std::set<std::string>> allowed;
  std::vector<std::string> order;
  std::istringstream text(util::read_text(kRoot / "src" / "README.md"));
  const std::regex row(R"(^\| ([a-z_]+) \| .* \| ([^|]*) \|$)");
  for (std::string line; std::getline(text, line);) {
    std::smatch match;
    if (!std::regex_match(line, match, row) || match[1] == "layer") {
      continue;
    }
    const std::string layer = match[1];
    auto& may = allowed[layer];
    may.insert(layer);
    if (match[2].str().find("all above") != std::string::npos || layer == "tools") {
      may.insert(order.begin(), order.end());
    }
    for (const std::string& word : split_words(match[2])) {
      may.insert(word);
    }
    order.push_back(layer);
  }
  return allowed;
}

std::vector<fs::path> sources_under(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const fs::path extension = entry.path().extension();
    if (extension == ".cpp" || extension == ".hpp" || extension == ".cu" || extension == ".cuh") {
      files.push_back(entry.path());
    }
  }
  return files;
}

std::set<std::string> included_layers(const fs::path& file) {
  std::set<std::string> layers;
  const std::string text = util::read_text(file);
  const std::regex include("#include \"(?:stgmamba/)?([a-z_0-9]+)/");  // public, or a layer's own: "models/noise.hpp"
  const std::set<std::string> of_kernels = {"scan", "block", "emulation"};  // headers beside their sources
  for (std::sregex_iterator it(text.begin(), text.end(), include), end; it != end; ++it) {
    layers.insert(of_kernels.count((*it)[1]) > 0 ? "kernels" : (*it)[1].str());
  }
  return layers;
}

TEST(Layers, IncludesGoOneWay) {
  const auto allowed = allowed_includes();
  ASSERT_GE(allowed.size(), 12U);
  int checked = 0;
  for (const fs::path& top : {kRoot / "src", kRoot / "include" / "stgmamba", kRoot / "kernels"}) {
    for (const fs::path& file : sources_under(top)) {
      const std::string layer = top == kRoot / "kernels" ? "kernels" : fs::relative(file, top).begin()->string();
      ASSERT_TRUE(allowed.count(layer)) << file << ": layer '" << layer << "' is not in src/README.md";
      for (const std::string& used : included_layers(file)) {
        EXPECT_TRUE(allowed.at(layer).count(used)) << file << " includes layer '" << used << "'";
      }
      ++checked;
    }
  }
  EXPECT_GT(checked, 30);
}

TEST(Layers, TorchFreeLayersNameNoTorch) {
  for (const char* layer :
       {"util", "io", "config", "media", "skeleton", "music", "synth", "data", "metrics", "kernels"}) {
    for (const fs::path& top : {kRoot / "src" / layer, kRoot / "include" / "stgmamba" / layer, kRoot / layer}) {
      if (!fs::exists(top)) {
        continue;
      }
      for (const fs::path& file : sources_under(top)) {
        const std::string text = util::read_text(file);
        EXPECT_EQ(text.find("#include <torch/"), std::string::npos) << file;
        EXPECT_EQ(text.find("#include <ATen/"), std::string::npos) << file;
      }
    }
  }
}

TEST(Layers, OnlyToolsPrintOrExit) {
  const std::regex printing(R"(std::cout|fmt::print\((?!stderr)|\bprintf\(|\bputs\(|std::exit\(|\b_exit\()");
  for (const fs::path& file : sources_under(kRoot / "src")) {
    const std::string layer = fs::relative(file, kRoot / "src").begin()->string();
    if (layer == "tools") {
      continue;
    }
    const std::string text = util::read_text(file);
    std::smatch match;
    const bool found = std::regex_search(text, match, printing);
    // The second stop signal ends the process from its handler, and a re-executed child that cannot start must end.
    const bool known = file.filename() == "stop.cpp" || file.filename() == "verify_resume.cpp";
    EXPECT_TRUE(!found || known) << file << ": " << match.str();
  }
}

TEST(House, EverySourceStartsWithItsLicence) {
  for (const char* top : {"src", "include", "kernels", "tests", "tools", "bench"}) {
    for (const fs::path& file : sources_under(kRoot / top)) {
      EXPECT_EQ(util::read_text(file).rfind("// SPDX-License-Identifier: MIT\n", 0), 0U) << file;
    }
  }
}

}  // namespace
}  // namespace stgmamba::test
